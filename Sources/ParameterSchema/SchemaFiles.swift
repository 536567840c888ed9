package import JSON
internal import Model

/// Everything that `dh-sidecar schema --write schema/` writes.
package enum SchemaFiles {
  /// Contents by path below `schema/`:
  /// `function.schema.json`, `run.ACTION.schema.json`, `container-file.schema.json`, `methods/NAME.schema.json`,
  /// `notifications/NAME.schema.json` (with a dot for the name's slash), the same below `draft-07/`; for forms, all but
  /// the notifications below `forms/`; what goes with a form, below `ui/json-forms/` and `ui/react-jsonschema-form/`;
  /// `openrpc.json`; `errors.json`; `cells.json`.
  package static func all(methods: [MethodDeclaration], version: String = "1") -> [String: [UInt8]] {
    var files: [String: JSONObject] = [
      "openrpc.json": OpenRPC.document(methods: methods, version: version), "errors.json": errors(),
      "cells.json": cells(),
    ]
    for set in DocumentSet.all {
      for subject in Subject.all(methods: methods) {
        if let document = set.document(of: subject) { files[set.folder + subject.name + set.ending] = document }
      }
    }
    return files.mapValues { JSONValue.object($0).serialized(.readable) + [UInt8(ascii: "\n")] }
  }

  /// The document that `getSchema` answers for a path as above, without the file's ending.
  package static func document(named name: String, methods: [MethodDeclaration]) -> JSONObject? {
    let set = DocumentSet.all.last { name.hasPrefix($0.folder) }
    let subjects = Subject.all(methods: methods)
    return set.flatMap { set in
      subjects.first { set.folder + $0.name == name }.flatMap(set.document)
    }
  }

  /// The folders that `getSchema` knows beside the first.
  package static var folders: [String] { DocumentSet.all.map(\.folder).filter { !$0.isEmpty } }

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

/// What schemas and forms are of.
private enum Subject {
  case function
  case containerFile
  case run(Action)
  case method(MethodDeclaration)
  case notification(NotificationDeclaration)

  static func all(methods: [MethodDeclaration]) -> [Subject] {
    [.function, .containerFile] + Action.allCases.map(Subject.run) + methods.map(Subject.method)
      + methods.flatMap(\.notifications).map(Subject.notification)
  }

  var name: String {
    switch self {
    case .function: "function"
    case .containerFile: "container-file"
    case .run(let action): "run.\(action.rawValue)"
    case .method(let method): "methods/\(method.name)"
    case .notification(let notification):
      "notifications/" + notification.name.split(separator: "/").joined(separator: ".")
    }
  }
}

/// A folder of documents, one for each subject.
private struct DocumentSet {
  enum Kind {
    case schema(JSONSchema)
    case hints(FormHints.Dialect)
  }

  var folder: String
  var kind: Kind

  static let all: [DocumentSet] =
    [
      DocumentSet(folder: "", kind: .schema(JSONSchema())),
      DocumentSet(folder: "draft-07/", kind: .schema(JSONSchema(dialect: .draft07))),
      // The validators that form libraries come with know draft-07.
      DocumentSet(folder: "forms/", kind: .schema(JSONSchema(dialect: .draft07, canonicalOnly: true))),
    ] + FormHints.Dialect.allCases.map { DocumentSet(folder: "ui/\($0.rawValue)/", kind: .hints($0)) }

  var ending: String {
    switch kind {
    case .schema: ".schema.json"
    case .hints: ".json"
    }
  }

  /// Nil where a form has nothing to show, for what a server sends, and for the methods whose form is one of several by
  /// action.
  func document(of subject: Subject) -> JSONObject? {
    switch kind {
    case .schema(let schema): Self.document(of: subject, schema)
    case .hints(let dialect): Self.hints(for: subject, dialect)
    }
  }

  private static func document(of subject: Subject, _ schema: JSONSchema) -> JSONObject? {
    switch subject {
    case .function:
      schema.document(
        schema.object(FunctionParameters.create),
        title: "Function",
        description: "A container function, as createFunction takes it."
      )
    case .containerFile:
      schema.document(
        schema.object(ContainerFileParameters.document),
        title: "Container file",
        description: "A function and its runs, as apply takes them: *.container.yaml or JSON."
      )
    case .run(let action):
      schema.document(
        schema.params(of: RunParameters.run, action: action),
        title: "Run, action \(action.rawValue)",
        description: "The params of run with the action \(action.rawValue)."
      )
    case .method(let method): schema.document(method)
    case .notification(let notification):
      schema.canonicalOnly
        ? nil
        : schema.document(
          notification.params,
          title: "Params of \(notification.name)",
          description: notification.summary
        )
    }
  }

  private static func hints(for subject: Subject, _ dialect: FormHints.Dialect) -> JSONObject? {
    switch subject {
    case .function: FormHints.document(FunctionParameters.create, dialect: dialect)
    case .run(let action): FormHints.document(RunParameters.run, action: action, dialect: dialect)
    case .method(let method):
      method.parameters.isEmpty || method.discriminatedByAction
        ? nil : FormHints.document(method.parameters, dialect: dialect)
    // Nobody fills in a form for what a server sends, nor for a file with any number of runs.
    case .containerFile, .notification: nil
    }
  }
}
