/// What one platform makes of one parameter (or of a part of it) in one action: accepted with its effect, accepted with
/// a warning, or refused. Declared with the parameters; the README's table and the tests come from it.
package struct Cell: Sendable, Hashable {
  /// A platform as far as it is told apart: of this machine each engine, of Core each release line.
  package enum Target: String, Sendable, CaseIterable {
    case podman = "local-podman"
    case docker = "local-docker"
    case core13 = "core-0.13"
    case core14 = "core-0.14"
    case core15 = "core-0.15"

    package static let local: Set<Target> = [.podman, .docker]
    package static let core: Set<Target> = [.core13, .core14, .core15]

    package var platform: PlatformKind { Self.local.contains(self) ? .local : .core }
  }

  package enum Outcome: Sendable, Hashable {
    case works
    /// Accepted; a warning with this code says what is otherwise than one may think.
    case warning(String)
    /// Refused with this rule, before anything is made.
    case error(String)
  }

  package var parameter: String
  /// Of `resources` a member, of `volumes` a type; nil for the whole parameter.
  package var part: String?
  /// Nil: createFunction.
  package var action: Action?
  package var target: Target
  package var outcome: Outcome
}

/// Where a parameter's declaration says something other than its treatment.
package struct CellException: Sendable {
  package var outcome: Cell.Outcome
  package var targets: Set<Cell.Target>
  package var actions: Set<Action>
  /// Empty: of all parts.
  package var parts: Set<String>
}

extension Parameter {
  package func except(
    _ outcome: Cell.Outcome,
    on targets: Set<Cell.Target>,
    actions: Set<Action> = Set(Action.allCases),
    parts: Set<String> = []
  ) -> Parameter {
    with { $0.exceptions.append(.init(outcome: outcome, targets: targets, actions: actions, parts: parts)) }
  }

  /// The parts whose cells differ: the types of a union's entries, or those declared.
  package var cellParts: [String?] {
    if case .list(.union(_, let variants), _) = shape { return variants.map { $0.tag ?? "short form" } }
    return parts.isEmpty ? [nil] : parts
  }

  fileprivate func outcome(_ action: Action?, _ target: Cell.Target, _ part: String?) -> Cell.Outcome {
    if let action {
      if !actions.contains(action) { return ignoredBy[action] == nil ? .error("other_action") : .warning("no_effect") }
      let exception = exceptions.last { exception in
        exception.targets.contains(target) && exception.actions.contains(action)
          && (exception.parts.isEmpty || part.map(exception.parts.contains) ?? false)
      }
      if let exception { return exception.outcome }
    }
    var treatment = treatment(on: target.platform)
    if case .list(.union(_, let variants), _) = shape, treatment == .works,
      let variant = variants.first(where: { ($0.tag ?? "short form") == part })
    {
      treatment = variant.treatments[target.platform] ?? .works
    }
    switch treatment {
    case .works, .varies: return .works
    case .warning: return .warning("no_effect")
    case .error: return .error("unsupported")
    case .notYet: return .error("not_yet")
    }
  }
}

extension Cell {
  /// Members of the wire that are no parameters of a function or a run.
  private static let ofTheWire: Set = ["function", "action", "idempotency_key", "progress_token"]

  /// The function's parameters, then what only a run has.
  package static var parameters: [Parameter] {
    let ofFunctions = Set(FunctionParameters.create.map(\.name))
    return (FunctionParameters.create + RunParameters.run.filter { !ofFunctions.contains($0.name) })
      .filter { !ofTheWire.contains($0.name) }
  }

  /// Every cell there is, by parameter, part, target and action.
  package static var all: [Cell] {
    let ofSpecs = Set(FunctionParameters.spec.map(\.name))
    return parameters.flatMap { parameter in
      // What a function's spec has shows in its runs.
      let isOfEntity = parameter.scopes.contains(.function) && !ofSpecs.contains(parameter.name)
      let isOfRuns = parameter.scopes.contains(.run) || ofSpecs.contains(parameter.name)
      var actions: [Action?] = isOfEntity ? [nil] : []
      // A run has no such member where only its function has: then it is nothing that an action could refuse.
      if isOfRuns {
        actions += [.job, .serve, .build, .deploy].filter {
          parameter.scopes.contains(.run) || parameter.actions.contains($0)
        }
      }
      return parameter.cellParts.flatMap { part in
        Target.allCases.flatMap { target in
          actions.map { action in
            Cell(
              parameter: parameter.name,
              part: part,
              action: action,
              target: target,
              outcome: parameter.outcome(action, target, part)
            )
          }
        }
      }
    }
  }
}
