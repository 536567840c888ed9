internal import JSON
internal import Model

/// The uiSchema of react-jsonschema-form: an object shaped like the data. `ui:groups` is for templates that show groups;
/// for all others `ui:order` keeps a group's members together.
enum ReactFormHints {
  static func document(_ sections: [FormHints.Section]) -> JSONObject {
    var hints = members(sections.flatMap(\.parameters))
    let groups = sections.compactMap { section -> JSONValue? in
      let shown = section.parameters.filter { $0.widget != .hidden }
      guard !shown.isEmpty else { return nil }
      return [
        "title": .string(section.group.title), "fields": .array(shown.map { .string($0.name) }),
        "collapsed": .bool(section.group.isAdvanced),
      ]
    }
    if groups.count > 1 { hints["ui:groups"] = .array(groups) }
    return hints
  }

  private static func members(_ parameters: [Parameter]) -> JSONObject {
    let shown = parameters.filter { !$0.isShorthand }
    guard !shown.isEmpty else { return [:] }
    // The star is the place of what an older page's hints don't know yet.
    var hints: JSONObject = ["ui:order": .array(shown.map { .string($0.name) } + ["*"])]
    for parameter in shown {
      let own = self.hints(of: parameter)
      if !own.isEmpty { hints[parameter.name] = .object(own) }
    }
    return hints
  }

  private static func hints(of parameter: Parameter) -> JSONObject {
    var hints = hints(of: parameter.shape)
    hints["ui:placeholder"] = parameter.placeholder
    switch parameter.widget {
    case .textarea?: hints["ui:widget"] = "textarea"
    case .hidden?: hints["ui:widget"] = "hidden"
    case nil: if parameter.isSecret { hints["ui:widget"] = "password" }
    }
    // A field that was cleared is absent unless this says that it is empty.
    if parameter.required, case .string(.text) = parameter.shape { hints["ui:emptyValue"] = "" }
    return hints
  }

  private static func hints(of shape: Shape) -> JSONObject {
    switch shape {
    case .object(let parameters): return members(parameters)
    case .either(let shapes): return shapes.first.map(hints) ?? [:]
    case .list(let element, _):
      let hints = hints(of: element)
      return hints.isEmpty ? [:] : ["items": .object(hints)]
    case .union(let discriminator, let variants): return union(discriminator, variants)
    default: return [:]
    }
  }

  /// The choice among the variants is the form's own; the member that tells them apart follows it.
  private static func union(_ discriminator: String, _ variants: [Shape.Variant]) -> JSONObject {
    var hints: JSONObject = [:]
    var order: [JSONValue] = [.string(discriminator)]
    for variant in variants where variant.tag != nil {
      for (name, value) in members(variant.members).members {
        if name == "ui:order" {
          order += value.arrayValue?.filter { $0 != "*" && !order.contains($0) } ?? []
        } else {
          hints[name] = merged(hints[name], value)
        }
      }
    }
    hints[discriminator] = ["ui:widget": "hidden"]
    hints["ui:order"] = .array(order + ["*"])
    return hints
  }

  /// Two variants' hints for a member of the same name.
  private static func merged(_ first: JSONValue?, _ second: JSONValue) -> JSONValue {
    guard var hints = first?.objectValue, let more = second.objectValue else { return second }
    for (name, value) in more.members {
      if name == "ui:order", let order = hints[name]?.arrayValue, let further = value.arrayValue {
        let known = order.filter { $0 != "*" }
        hints[name] = .array(known + further.filter { !known.contains($0) })
      } else {
        hints[name] = merged(hints[name], value)
      }
    }
    return .object(hints)
  }
}
