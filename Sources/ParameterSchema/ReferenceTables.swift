package import Model

/// The README's tables, in Markdown.
package enum ReferenceTables {
  /// Parameter × action × platform. Only platforms that this version has belong into a user's table.
  package static func parameters(_ parameters: [Parameter], platforms: [PlatformKind] = [.local, .core]) -> String {
    let heads =
      ["Parameter", "Function", "job", "serve", "build", "deploy"] + platforms.map(\.rawValue) + ["Description"]
    var lines = [
      "| \(heads.joined(separator: " | ")) |", "|\(String(repeating: " --- |", count: heads.count))",
    ]
    for parameter in parameters {
      var cells = ["`\(parameter.name)`", parameter.scopes.contains(.function) ? "yes" : ""]
      for action in [Action.job, .serve, .build, .deploy] {
        let isRun = parameter.scopes.contains(.run)
        cells.append(
          !isRun ? "" : parameter.actions.contains(action) ? "yes" : parameter.ignoredBy[action] != nil ? "warning" : ""
        )
      }
      for platform in platforms { cells.append(word(parameter.treatment(on: platform))) }
      cells.append(parameter.description)
      lines.append("| " + cells.map(escaped).joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Parameter × action × platform: what of each is kept. Engines, and Core's releases, share a column, and are named
  /// where they differ.
  package static func cells() -> String {
    let columns: [[Cell.Target]] = [[.podman, .docker], [.core13, .core14, .core15]]
    let actions: [Action?] = [nil, .job, .serve, .build, .deploy]
    let heads =
      ["Parameter"]
      + columns.flatMap { column in
        actions.map { "\(column[0].platform.rawValue) \($0?.rawValue ?? "createFunction")" }
      }
    var lines = ["| \(heads.joined(separator: " | ")) |", "|\(String(repeating: " --- |", count: heads.count))"]
    let cells = Dictionary(grouping: Cell.all) { [$0.parameter, $0.part ?? ""] }
    for parameter in Cell.parameters {
      for part in parameter.cellParts {
        let own = cells[[parameter.name, part ?? ""]] ?? []
        var row = ["`\(parameter.name)`" + (part.map { " \($0)" } ?? "")]
        for column in columns {
          for action in actions { row.append(text(own.filter { $0.action == action && column.contains($0.target) })) }
        }
        lines.append("| " + row.map(escaped).joined(separator: " | ") + " |")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Of one action on the engines or releases of one platform.
  private static func text(_ cells: [Cell]) -> String {
    guard let first = cells.first else { return "" }
    if cells.allSatisfy({ $0.outcome == first.outcome }) { return text(first.outcome) }
    let outcomes = cells.map(\.outcome).reduce(into: [Cell.Outcome]()) { if !$0.contains($1) { $0.append($1) } }
    return outcomes.map { outcome in
      let releases = cells.filter { $0.outcome == outcome }.map { $0.target.rawValue.split(separator: "-").last ?? "" }
      return "\(releases.joined(separator: ", ")): \(text(outcome))"
    }.joined(separator: "; ")
  }

  private static func text(_ outcome: Cell.Outcome) -> String {
    switch outcome {
    case .works: "works"
    case .warning(let code): "warning `\(code)`"
    case .error("other_action"): "–"
    case .error(let rule): "error `\(rule)`"
    }
  }

  package static func methods(_ methods: [MethodDeclaration]) -> String {
    let rows = methods.map { "| `\($0.name)` | \(escaped($0.summary)) |" }
    return (["| Method | What it does |", "| --- | --- |"] + rows).joined(separator: "\n") + "\n"
  }

  package static func errors() -> String {
    let rows = ErrorCode.all.map {
      "| `\($0.name)` | \($0.number) | \($0.retryable ? "yes" : "no") | \(escaped($0.description)) |"
    }
    return (["| Error | Code | Retryable | Meaning |", "| --- | --- | --- | --- |"] + rows).joined(separator: "\n")
      + "\n"
  }

  /// The text with its tables (`methods`, `parameters`, `errors`, `cells`) as the declarations say; a table that has no
  /// markers in the text is left out.
  package static func refreshed(_ text: String, methods: [MethodDeclaration]) -> String {
    let ofFunctions = Set(FunctionParameters.create.map(\.name))
    let all = FunctionParameters.create + RunParameters.run.filter { !ofFunctions.contains($0.name) }
    let tables = [
      ("methods", Self.methods(methods)), ("parameters", parameters(all)), ("errors", errors()), ("cells", cells()),
    ]
    return tables.reduce(text) { text, table in replacing(table.0, in: text, with: table.1) ?? text }
  }

  /// The text with what stands between `<!-- BEGIN generated: NAME -->` and `<!-- END generated: NAME -->` replaced;
  /// nil where the markers are missing.
  package static func replacing(_ name: String, in text: String, with table: String) -> String? {
    guard let begin = text.firstRange(of: "<!-- BEGIN generated: \(name) -->"),
      let end = text.firstRange(of: "<!-- END generated: \(name) -->"), begin.upperBound <= end.lowerBound
    else { return nil }
    return text[..<begin.upperBound] + "\n" + table + text[end.lowerBound...]
  }

  private static func word(_ treatment: Parameter.Treatment) -> String {
    switch treatment {
    case .works: "works"
    case .varies(let text): text
    case .warning: "warning, no effect"
    case .error: "refused"
    case .notYet: "not yet"
    }
  }

  private static func escaped(_ text: String) -> String { text.split(separator: "|").joined(separator: "\\|") }
}
