package import JSON
package import Model

/// What a JSON Schema can't tell a form: order, groups, widgets, placeholders. Rendered from the declarations in the
/// dialects of two form libraries.
package enum FormHints {
  package enum Dialect: String, Sendable, CaseIterable {
    case jsonForms = "json-forms"
    case reactJSONSchemaForm = "react-jsonschema-form"
  }

  /// For the form of these parameters, as `JSONSchema(canonicalOnly: true)` renders it.
  /// - Parameter action: The run's, where the parameters are a run's: those of other actions are left out, and the
  ///   action itself is a constant.
  package static func document(_ parameters: [Parameter], action: Action? = nil, dialect: Dialect) -> JSONObject {
    let shown = parameters.filter { !$0.isShorthand && (action.map($0.actions.contains) ?? true) }.map { parameter in
      parameter.with { if action != nil && $0.name == "action" { $0.widget = .hidden } }
    }
    switch dialect {
    case .jsonForms: return JSONFormsHints.document(sections(shown))
    case .reactJSONSchemaForm: return ReactFormHints.document(sections(shown))
    }
  }

  struct Section {
    var group: FormGroup
    var parameters: [Parameter]
  }

  /// In each group, what must be given comes first.
  private static func sections(_ parameters: [Parameter]) -> [Section] {
    FormGroup.allCases.compactMap { group in
      let members = parameters.filter { $0.group == group }
      let ordered = members.filter(\.required) + members.filter { !$0.required }
      return ordered.isEmpty ? nil : Section(group: group, parameters: ordered)
    }
  }
}

extension Parameter {
  /// What an empty field shows in grey: what holds without it, else an example.
  var placeholder: JSONValue? {
    guard !isSecret, widget == nil else { return nil }
    switch shape {
    case .string, .quantity, .integer, .number:
      return (defaultValue ?? example).map { .string($0.stringValue ?? $0.text()) }
    case .enumeration: return defaultValue
    case .either(let shapes): return shapes.first.flatMap { first in with { $0.shape = first }.placeholder }
    default: return nil
    }
  }
}
