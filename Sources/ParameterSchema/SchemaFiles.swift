package import JSON
internal import Model

/// Everything that `dh-sidecar schema --write schema/` writes.
package enum SchemaFiles {
  /// Contents by path below `schema/`:
  /// `function.schema.json`, `run.ACTION.schema.json`, `container-file.schema.json`, `methods/NAME.schema.json`,
  /// `notifications/NAME.schema.json` (with a dot for the name's slash), the same below `draft-07/` and, canonical names
  /// only, below `forms/`; `openrpc.json`; `errors.json`; `cells.json`.
  package static func all(methods: [MethodDeclaration], version: String = "1") -> [String: [UInt8]] {
    var files: [String: JSONObject] = [
      "openrpc.json": OpenRPC.document(methods: methods, version: version), "errors.json": errors(),
      "cells.json": cells(),
    ]
    let sets = [
      ("", JSONSchema()), ("draft-07/", JSONSchema(dialect: .draft07)), ("forms/", JSONSchema(canonicalOnly: true)),
    ]
    for (folder, schema) in sets {
      for (path, document) in documents(methods, schema) { files[folder + path] = document }
    }
    return files.mapValues { JSONValue.object($0).serialized(.readable) + [UInt8(ascii: "\n")] }
  }

  /// The document that `getSchema` answers for a path as above, without the files' ending.
  package static func document(named name: String, methods: [MethodDeclaration]) -> JSONObject? {
    documents(methods, JSONSchema())["\(name).schema.json"]
  }

  private static func documents(_ methods: [MethodDeclaration], _ schema: JSONSchema) -> [String: JSONObject] {
    var files: [String: JSONObject] = [:]
    files["function.schema.json"] = schema.document(
      schema.object(FunctionParameters.create),
      title: "Function",
      description: "A container function, as createFunction takes it."
    )
    files["container-file.schema.json"] = schema.document(
      schema.object(ContainerFileParameters.document),
      title: "Container file",
      description: "A function and its runs, as apply takes them: *.container.yaml or JSON."
    )
    for action in Action.allCases {
      files["run.\(action.rawValue).schema.json"] = schema.document(
        schema.params(of: RunParameters.run, action: action),
        title: "Run, action \(action.rawValue)",
        description: "The params of run with the action \(action.rawValue)."
      )
    }
    for method in methods { files["methods/\(method.name).schema.json"] = schema.document(method) }
    // Nobody fills in a form for what a server sends.
    for notification in methods.flatMap(\.notifications) where !schema.canonicalOnly {
      let name = String(notification.name.map { $0 == "/" ? "." : $0 })
      files["notifications/\(name).schema.json"] = schema.document(
        notification.params,
        title: "Params of \(notification.name)",
        description: notification.summary
      )
    }
    return files
  }

  /// What each platform makes of each parameter, action by action.
  private static func cells() -> JSONObject {
    [
      "cells": .array(
        Cell.all.map { cell in
          var json: JSONObject = ["parameter": .string(cell.parameter)]
          json["part"] = cell.part.map { .string($0) }
          json["action"] = .string(cell.action?.rawValue ?? "createFunction")
          json["platform"] = .string(cell.target.rawValue)
          switch cell.outcome {
          case .works: json["outcome"] = "works"
          case .warning(let code):
            json["outcome"] = "warning"
            json["code"] = .string(code)
          case .error(let rule):
            json["outcome"] = "error"
            json["code"] = .string(rule)
          }
          return .object(json)
        }
      )
    ]
  }

  private static func errors() -> JSONObject {
    [
      "errors": .array(
        ErrorCode.all.map {
          [
            "code": .string($0.name), "number": .integer($0.number), "retryable": .bool($0.retryable),
            "description": .string($0.description),
          ]
        }
      )
    ]
  }
}
