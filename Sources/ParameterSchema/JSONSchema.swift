package import JSON
package import Model

/// Renders declarations as JSON Schema. Only keywords that 2020-12 and draft-07 have in common, and that schema
/// compilers know: no if/then/else, no $ref.
package struct JSONSchema: Sendable {
  package enum Dialect: String, Sendable, CaseIterable {
    case draft2020 = "https://json-schema.org/draft/2020-12/schema"
    case draft07 = "http://json-schema.org/draft-07/schema#"
  }

  package var dialect: Dialect
  /// For forms: one name and one way to say a thing, constants that older form libraries understand, patterns that
  /// match the whole text (as HTML's attribute of that name does). Else whatever the wire accepts.
  package var canonicalOnly: Bool

  package init(dialect: Dialect = .draft2020, canonicalOnly: Bool = false) {
    self.dialect = dialect
    self.canonicalOnly = canonicalOnly
  }

  /// The params of a method, with `$schema`, as a document of its own.
  package func document(_ method: MethodDeclaration) -> JSONObject {
    document(params(of: method), title: "Params of \(method.name)", description: method.summary)
  }

  package func document(_ schema: JSONObject, title: String, description: String) -> JSONObject {
    var document: JSONObject = ["$schema": .string(dialect.rawValue), "title": .string(title)]
    document["description"] = .string(description)
    for (name, value) in schema.members where !document.contains(name) { document[name] = value }
    return document
  }

  package func params(of method: MethodDeclaration) -> JSONObject {
    guard method.discriminatedByAction else { return object(method.parameters) }
    return ["oneOf": .array(Action.allCases.map { .object(params(of: method.parameters, action: $0)) })]
  }

  /// The params of a run with this action; `action` is a constant.
  package func params(of parameters: [Parameter], action: Action) -> JSONObject {
    let accepted = parameters.filter { canonicalOnly ? $0.actions.contains(action) : $0.isAccepted(by: action) }
    var schema = object(accepted, constants: ["action": action.rawValue])
    schema["title"] = .string("run, action \(action.rawValue)")
    return schema
  }

  /// A closed object.
  package func object(_ parameters: [Parameter], constants: [String: String] = [:]) -> JSONObject {
    var properties: JSONObject = [:]
    var required: [JSONValue] = []
    var eitherName: [JSONValue] = []
    for parameter in parameters where !(canonicalOnly && parameter.isShorthand) {
      var schema = self.schema(of: parameter)
      if let constant = constants[parameter.name] { setConstant(constant, in: &schema) }
      properties[parameter.name] = .object(schema)
      let aliases = canonicalOnly ? [] : parameter.aliases
      for alias in aliases {
        var deprecated = schema
        deprecated["deprecated"] = true
        deprecated["description"] = .string("Another spelling of `\(parameter.name)`.")
        properties[alias] = .object(deprecated)
      }
      guard parameter.required else { continue }
      if aliases.isEmpty {
        required.append(.string(parameter.name))
      } else {
        eitherName.append(
          ["anyOf": .array(([parameter.name] + aliases).map { ["required": [.string($0)]] })]
        )
      }
    }
    var schema: JSONObject = ["type": "object", "properties": .object(properties), "additionalProperties": false]
    if !required.isEmpty { schema["required"] = .array(required) }
    if !eitherName.isEmpty { schema["allOf"] = .array(eitherName) }
    return schema
  }

  private func schema(of parameter: Parameter) -> JSONObject {
    var schema: JSONObject = ["title": .string(parameter.title), "description": .string(parameter.description)]
    for (name, value) in self.schema(of: parameter.shape).members where !schema.contains(name) { schema[name] = value }
    if parameter.isNullable, let type = schema["type"] { schema["type"] = [type, "null"] }
    // A form that fills a default in sends it, and what is sent wins over what the function or the platform has.
    if parameter.required || !canonicalOnly { schema["default"] = parameter.defaultValue }
    if let example = parameter.example { schema["examples"] = [example] }
    schema["x-unit"] = parameter.unit.map { .string($0) }
    if parameter.isSecret {
      schema["writeOnly"] = true
      schema["format"] = "password"
    }
    if canonicalOnly, case .enumeration(let choices) = parameter.shape, choices.count == 1 {
      setConstant(choices[0], in: &schema)
    }
    return schema
  }

  private func setConstant(_ constant: String, in schema: inout JSONObject) {
    for keyword in ["enum", "type", "examples"] { schema[keyword] = nil }
    schema["const"] = .string(constant)
    guard canonicalOnly else { return }
    // Libraries of before `const` read `enum`; with the default, a form is right without showing the member.
    schema["type"] = "string"
    schema["enum"] = [.string(constant)]
    schema["default"] = .string(constant)
  }

  private func schema(of shape: Shape) -> JSONObject {
    switch shape {
    case .any: return [:]
    case .boolean: return ["type": "boolean"]
    case .freeObject: return canonicalOnly ? ["type": "object", "additionalProperties": true] : ["type": "object"]
    case .string(let format): return string(format)
    case .enumeration(let choices): return ["type": "string", "enum": .array(choices.map { .string($0) })]
    case .integer(let minimum, let maximum):
      var schema: JSONObject = ["type": "integer"]
      schema["minimum"] = minimum.map { .integer($0) }
      schema["maximum"] = maximum.map { .integer($0) }
      return schema
    case .number(let minimum, let maximum):
      var schema: JSONObject = ["type": "number"]
      schema["minimum"] = minimum.flatMap { JSONValue($0) }
      schema["maximum"] = maximum.flatMap { JSONValue($0) }
      return schema
    case .quantity:
      var schema: JSONObject = ["type": canonicalOnly ? "string" : ["string", "number"]]
      schema["pattern"] = .string(Self.quantityPattern)
      schema["minimum"] = canonicalOnly ? nil : 0
      return schema
    case .list(let element, let unique):
      var schema: JSONObject = ["type": "array", "items": .object(self.schema(of: element))]
      if unique == "" { schema["uniqueItems"] = true }
      return schema
    case .map(let element, let names):
      var schema: JSONObject = ["type": "object", "additionalProperties": .object(self.schema(of: element))]
      schema["propertyNames"] = names.map { .object(string($0)) }
      return schema
    case .object(let members): return object(members)
    case .either(let shapes):
      guard !canonicalOnly, shapes.count > 1 else { return shapes.first.map(self.schema) ?? [:] }
      return ["oneOf": .array(shapes.map { .object(self.schema(of: $0)) })]
    case .union(let discriminator, let variants):
      let kept = variants.filter { $0.tag != nil || !canonicalOnly }
      return ["oneOf": .array(kept.map { .object(variant($0, discriminator)) })]
    }
  }

  private func variant(_ variant: Shape.Variant, _ discriminator: String) -> JSONObject {
    var members = variant.members
    var constants: [String: String] = [:]
    if let tag = variant.tag {
      constants[discriminator] = tag
      members.insert(
        Parameter(discriminator, .enumeration([tag]), title: variant.title, variant.description).with {
          $0.required = true
        },
        at: 0
      )
    }
    var schema = object(members, constants: constants)
    schema["title"] = .string(variant.title)
    schema["description"] = .string(variant.description)
    return schema
  }

  private func string(_ format: Shape.Format) -> JSONObject {
    var schema: JSONObject = ["type": "string"]
    schema["pattern"] = format.pattern.map { .string(canonicalOnly ? Self.anchored($0) : $0) }
    switch format {
    case .slug:
      schema["minLength"] = 1
      schema["maxLength"] = .integer(NameRules.maximumLength)
    case .base64: schema["contentEncoding"] = "base64"
    case .codeSource:
      schema["minLength"] = 1
      schema["format"] = "uri-reference"
    case .timestamp: schema["format"] = "date-time"
    default: break
    }
    return schema
  }

  /// The same pattern, for the whole text.
  private static func anchored(_ pattern: String) -> String {
    (pattern.hasPrefix("^") ? "" : "^[\\s\\S]*") + pattern + (pattern.hasSuffix("$") ? "" : "[\\s\\S]*$")
  }

  private static let quantityPattern =
    "^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+\\-]?[0-9]+)?$"
}
