internal import JSON
internal import Model

/// The UI schema of JSON Forms: layouts of controls, each of which points into the schema. What has no control is not
/// shown.
enum JSONFormsHints {
  static func document(_ sections: [FormHints.Section]) -> JSONObject {
    let groups = sections.compactMap { section -> JSONValue? in
      let controls = controls(section.parameters)
      guard !controls.isEmpty else { return nil }
      var group: JSONObject = ["type": "Group", "label": .string(section.group.title), "elements": .array(controls)]
      if section.group.isAdvanced { group["options"] = ["collapsed": true] }
      return .object(group)
    }
    // One group alone needs no frame.
    let elements = groups.count == 1 ? groups[0]["elements"] : nil
    return ["type": "VerticalLayout", "elements": elements ?? .array(groups)]
  }

  private static func controls(_ parameters: [Parameter]) -> [JSONValue] {
    parameters.filter { $0.widget != .hidden && !$0.isShorthand }.map { parameter in
      var control: JSONObject = ["type": "Control", "scope": .string("#/properties/\(parameter.name)")]
      var options = options(of: parameter.shape)
      options["placeholder"] = parameter.placeholder
      if parameter.widget == .textarea { options["multi"] = true }
      if parameter.isSecret { options["format"] = "password" }
      if !options.isEmpty { control["options"] = .object(options) }
      return .object(control)
    }
  }

  private static func options(of shape: Shape) -> JSONObject {
    switch shape {
    case .object(let members): return ["detail": layout("VerticalLayout", members)]
    case .either(let shapes): return shapes.first.map(options) ?? [:]
    case .list(.object(let members), _):
      return ["detail": layout("HorizontalLayout", members), "showSortButtons": true]
    case .list: return ["showSortButtons": true]
    default: return [:]
    }
  }

  private static func layout(_ type: JSONValue, _ members: [Parameter]) -> JSONValue {
    ["type": type, "elements": .array(controls(members))]
  }
}
