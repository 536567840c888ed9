package import JSON

/// What a check of params came to: the params as they are kept, and everything there is to say about them.
package struct ParameterCheck: Sendable {
  package var normalised: JSONObject = [:]
  package var faults: [Fault] = []
  package var warnings: [Warning] = []

  /// Checks params against declarations: all faults at once, each by JSON Pointer. Where `action` is given, a
  /// parameter of other actions is a fault that names them. Defaults are not filled in.
  package init(_ params: JSONObject, against parameters: [Parameter], action: Action? = nil) {
    normalised = object(params, parameters, at: "", action: action)
  }

  private mutating func fault(_ pointer: String, _ rule: String, _ message: String, hint: String? = nil) {
    faults.append(Fault(pointer: pointer, rule: rule, message: message, hint: hint))
  }

  private mutating func object(
    _ given: JSONObject,
    _ parameters: [Parameter],
    at pointer: String,
    action: Action? = nil
  ) -> JSONObject {
    var result: JSONObject = [:]
    var origins: [String: String] = [:]
    for (name, value) in given.members {
      let here = pointer + "/" + Self.escaped(name)
      guard let parameter = parameters.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
        let accepted = parameters.filter { parameter in action.map(parameter.isAccepted) ?? true }
        fault(here, "unknown_parameter", "There is no parameter `\(name)`.", hint: Self.suggestion(name, accepted))
        continue
      }
      if let action, !parameter.isAccepted(by: action) {
        let takers = Action.allCases.filter(parameter.actions.contains).map { "`\($0.rawValue)`" }
        fault(
          here,
          "other_action",
          "`\(name)` does not belong to the action `\(action.rawValue)`.",
          hint: "\(takers.joined(separator: ", ")) \(takers.count == 1 ? "takes" : "take") it; leave it out here."
        )
        continue
      }
      if let action, let text = parameter.ignoredBy[action] {
        warnings.append(Warning(pointer: here, code: "no_effect", message: text))
      }
      if parameter.isNullable && value.isNull {
        result[parameter.name] = .null
        origins[parameter.name] = name
        continue
      }
      guard !parameter.isSecret || parameter.shape.takes(value) else {
        // What was given is not shown: it may be the secret.
        fault(here, "type", "`\(name)` must be \(parameter.shape.wanted); it is \(value.typeName).")
        origins[parameter.name] = name
        continue
      }
      let before = faults.count
      var checked = self.value(value, parameter.shape, at: here, name: name)
      if let further = parameter.furtherFaults, parameter.shape.takes(value) {
        let known = Set(faults[before...].map(\.pointer))
        faults += further(checked, here).filter { !known.contains($0.pointer) }
      }
      if faults.count == before, let normalise = parameter.normalise { checked = normalise(checked) }
      if let former = result[parameter.name], former != checked {
        fault(
          here,
          "conflicting_alias",
          "`\(name)` and `\(origins[parameter.name] ?? parameter.name)` are the same parameter with different values.",
          hint: "Give only `\(parameter.name)`."
        )
      } else {
        result[parameter.name] = checked
        origins[parameter.name] = name
      }
    }
    for parameter in parameters where parameter.required && origins[parameter.name] == nil {
      guard action.map({ parameter.actions.contains($0) }) ?? true else { continue }
      guard !given.contains(parameter.name) else { continue }
      fault(
        pointer + "/" + parameter.name,
        "required",
        "`\(parameter.name)` is missing.",
        hint: parameter.example.map { "For example \($0.text())." }
      )
    }
    return result
  }

  private mutating func value(_ given: JSONValue, _ shape: Shape, at pointer: String, name: String) -> JSONValue {
    switch shape {
    case .any: return given
    case .boolean where given.boolValue != nil: return given
    case .freeObject where given.objectValue != nil: return given
    case .string(let format):
      guard let text = given.stringValue else { break }
      return string(text, format, at: pointer, name: name)
    case .enumeration(let choices):
      guard let text = given.stringValue else { break }
      if !choices.contains(text) {
        let nearest = EditDistance.nearest(to: text, among: choices)
        fault(
          pointer,
          "enum",
          "`\(name)` must be one of \(choices.joined(separator: ", ")); it is `\(text)`.",
          hint: nearest.map { "Did you mean `\($0)`?" }
        )
      }
      return given
    case .integer(let minimum, let maximum):
      guard let integer = given.integerValue else { break }
      if let minimum, integer < minimum {
        fault(pointer, "minimum", "`\(name)` must be at least \(minimum); it is \(integer).")
      }
      if let maximum, integer > maximum {
        fault(pointer, "maximum", "`\(name)` must be at most \(maximum); it is \(integer).")
      }
      return given
    case .number(let minimum, let maximum):
      guard let number = given.doubleValue else { break }
      if let minimum, number < minimum {
        fault(
          pointer,
          "minimum",
          "`\(name)` must be at least \(JSONValue(minimum)?.text() ?? ""); it is \(given.text())."
        )
      }
      if let maximum, number > maximum {
        fault(
          pointer,
          "maximum",
          "`\(name)` must be at most \(JSONValue(maximum)?.text() ?? ""); it is \(given.text())."
        )
      }
      return given
    case .quantity:
      guard let text = Self.quantityText(given) else { break }
      if Quantity(text) == nil {
        fault(
          pointer,
          "quantity",
          "`\(name)` must be a Kubernetes quantity; it is `\(text)`.",
          hint: "For example 500m, 2, 512Mi or 10Gi."
        )
      }
      return .string(text)
    case .list(let element, let unique):
      guard let items = given.arrayValue else { break }
      return list(items, element, unique, at: pointer, name: name)
    case .map(let element, let names):
      guard let members = given.objectValue else { break }
      for name in names.map({ names in members.keys.filter { !names.accepts($0) } }) ?? [] {
        let expectation = names?.expectation ?? "another one"
        fault(pointer + "/" + Self.escaped(name), "format", "The name `\(name)` must be \(expectation).")
      }
      return .object(
        JSONObject(
          members.members.map {
            ($0.name, value($0.value, element, at: pointer + "/" + Self.escaped($0.name), name: $0.name))
          }
        )
      )
    case .object(let members):
      guard let object = given.objectValue else { break }
      return .object(self.object(object, members, at: pointer))
    case .either(let shapes):
      guard let fitting = shapes.first(where: { $0.takes(given) }) else { break }
      return value(given, fitting, at: pointer, name: name)
    case .union(let discriminator, let variants):
      guard let object = given.objectValue else { break }
      return union(object, discriminator, variants, at: pointer)
    case .boolean, .freeObject: break
    }
    fault(
      pointer,
      "type",
      "`\(name)` must be \(shape.wanted); it is \(Self.described(given)).",
      hint: given.isNull ? "Leave it out instead of giving null." : nil
    )
    return given
  }

  private mutating func string(_ text: String, _ format: Shape.Format, at pointer: String, name: String) -> JSONValue {
    if text.utf8.contains(0) {
      fault(pointer, "nul_byte", "`\(name)` has a NUL byte.", hint: "No program can be given one; take it out.")
    } else if !format.accepts(text), format == .nonEmpty || format == .codeSource {
      fault(pointer, "format", "`\(name)` must not be empty.")
    } else if !format.accepts(text), let expectation = format.expectation {
      let shown = text.count > 60 ? text.prefix(60) + "…" : text[...]
      fault(pointer, "format", "`\(name)` must be \(expectation); it is `\(shown)`.")
    }
    if format == .uuid, let id = EntityID.normalise(text) { return .string(id) }
    return .string(text)
  }

  private mutating func list(
    _ items: [JSONValue],
    _ element: Shape,
    _ unique: String?,
    at pointer: String,
    name: String
  ) -> JSONValue {
    var result: [JSONValue] = []
    var seen: Set<JSONValue> = []
    for (index, item) in items.enumerated() {
      let here = "\(pointer)/\(index)"
      let checked = value(item, element, at: here, name: "\(name)[\(index)]")
      result.append(checked)
      guard let unique, let key = unique.isEmpty ? checked : checked[unique] else { continue }
      if !seen.insert(key).inserted {
        fault(
          unique.isEmpty ? here : "\(here)/\(unique)",
          "duplicate",
          "`\(name)` has \(key.text()) twice\(unique.isEmpty ? "" : " as `\(unique)`").",
          hint: "Take one of the two out."
        )
      }
    }
    return .array(result)
  }

  private mutating func union(
    _ object: JSONObject,
    _ discriminator: String,
    _ variants: [Shape.Variant],
    at pointer: String
  ) -> JSONValue {
    let tags = variants.compactMap(\.tag)
    let given = object[discriminator]
    if let variant = variants.first(where: { $0.tag == given?.stringValue }), given == nil || given?.stringValue != nil
    {
      var rest = object
      rest[discriminator] = nil
      var checked = self.object(rest, variant.members, at: pointer)
      checked[discriminator] = given
      return .object(checked)
    }
    let shown = given?.text() ?? "missing"
    fault(
      "\(pointer)/\(discriminator)",
      given == nil ? "required" : "enum",
      "`\(discriminator)` must be one of \(tags.joined(separator: ", ")); it is \(shown).",
      hint: given?.stringValue.flatMap { EditDistance.nearest(to: $0, among: tags) }.map { "Did you mean `\($0)`?" }
    )
    return .object(object)
  }

  /// A quantity given as a string or as a number, by its text.
  private static func quantityText(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer, .number: value.text()
    default: nil
    }
  }

  private static func described(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool, .integer, .number, .string:
      value.text().count > 60 ? "a \(value.typeName)" : "the \(value.typeName) \(value.text())"
    case .array, .object: "an \(value.typeName)"
    }
  }

  private static func suggestion(_ name: String, _ parameters: [Parameter]) -> String? {
    let names = parameters.flatMap { [$0.name] + $0.aliases }
    return EditDistance.nearest(to: name, among: names).map { "Did you mean `\($0)`?" }
      ?? "The parameters here are \(parameters.map(\.name).joined(separator: ", "))."
  }

  /// A reference token of RFC 6901, section 3.
  private static func escaped(_ name: String) -> String {
    name.contains { $0 == "~" || $0 == "/" }
      ? name.reduce(into: "") { $0 += $1 == "~" ? "~0" : $1 == "/" ? "~1" : String($1) } : name
  }
}

extension Shape {
  /// Whether the value's JSON type fits: what tells the alternatives of `either` apart.
  package func takes(_ value: JSONValue) -> Bool {
    switch self {
    case .any: true
    case .string, .enumeration: value.stringValue != nil
    case .integer: value.integerValue != nil
    case .number: value.doubleValue != nil
    case .boolean: value.boolValue != nil
    case .quantity: value.stringValue != nil || value.doubleValue != nil
    case .list: value.arrayValue != nil
    case .object, .map, .freeObject, .union: value.objectValue != nil
    case .either(let shapes): shapes.contains { $0.takes(value) }
    }
  }

  /// What is wanted, to follow "must be".
  package var wanted: String {
    switch self {
    case .any: "a value"
    case .string: "a string"
    case .enumeration(let choices): "one of \(choices.joined(separator: ", "))"
    case .integer: "an integer"
    case .number: "a number"
    case .boolean: "true or false"
    case .quantity: "a quantity (a string such as 500m or 512Mi, or a number)"
    case .list(let element, _): "a list (each entry \(element.wanted))"
    case .object, .map, .freeObject, .union: "an object"
    case .either(let shapes): shapes.map(\.wanted).joined(separator: ", or ")
    }
  }
}
