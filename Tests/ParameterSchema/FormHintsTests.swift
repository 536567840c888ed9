import JSON
import Model
import ParameterSchema
import Testing

@Suite struct FormHintsTests {
  static let forms = JSONSchema(dialect: .draft07, canonicalOnly: true)

  /// Each form's schema with its hints in the dialect.
  static func all(_ dialect: FormHints.Dialect) -> [(name: String, schema: JSONValue, hints: JSONValue)] {
    let runs = Action.allCases.map { action in
      (
        action.rawValue, JSONValue.object(forms.params(of: RunParameters.run, action: action)),
        JSONValue.object(FormHints.document(RunParameters.run, action: action, dialect: dialect))
      )
    }
    let function = FormHints.document(FunctionParameters.create, dialect: dialect)
    return runs + [("function", .object(forms.object(FunctionParameters.create)), .object(function))]
  }

  /// Every scope of a JSON Forms layout, with the schema that it points into.
  static func scopes(_ layout: JSONValue, in schema: JSONValue) throws -> [String] {
    guard layout["type"] == "Control" else {
      return try (layout["elements"]?.arrayValue ?? []).flatMap { try scopes($0, in: schema) }
    }
    let scope = try #require(layout["scope"]?.stringValue)
    try #require(scope.hasPrefix("#/"))
    let pointer = try JSONPointer(parsing: String(scope.dropFirst()))
    let target = try #require(schema[pointer], "\(scope) points nowhere")
    let inner = try layout["options"]?["detail"].map { try scopes($0, in: target["items"] ?? target) } ?? []
    return [scope] + inner.map { scope + " " + $0 }
  }

  @Test func everyScopeResolvesAndEveryParameterIsShownOnce() throws {
    for (name, schema, hints) in Self.all(.jsonForms) {
      let scopes = try Self.scopes(hints, in: schema)
      let hidden: Set = ["action", "kind", "progress_token"]
      let properties = try #require(schema["properties"]?.objectValue).keys.filter { !hidden.contains($0) }
      let shown = scopes.filter { !$0.contains(" ") }
      #expect(shown.sorted() == properties.map { "#/properties/\($0)" }.sorted(), "\(name)")
      #expect(Set(scopes).count == scopes.count, "\(name)")
    }
  }

  /// What is hidden and must be given has a default, so that the form's data are right without it.
  @Test func hiddenMembersFillThemselves() throws {
    for (name, schema, hints) in Self.all(.reactJSONSchemaForm) {
      for (member, hint) in try #require(hints.objectValue).members where hint["ui:widget"] == "hidden" {
        let isRequired = schema["required"]?.arrayValue?.contains(.string(member)) == true
        #expect(!isRequired || schema["properties"]?[member]?["default"] != nil, "\(name): \(member)")
      }
    }
  }

  /// react-jsonschema-form refuses an order without a star that misses a property.
  static func checkOrder(_ hints: JSONValue, of schema: JSONValue, _ pointer: String) {
    let variants = schema["oneOf"]?.arrayValue ?? [schema]
    for variant in variants {
      guard let properties = variant["properties"]?.objectValue else { continue }
      let order = hints["ui:order"]?.arrayValue?.compactMap(\.stringValue) ?? []
      let isComplete = Set(properties.keys).isSubset(of: order) && order.last == "*" && Set(order).count == order.count
      #expect(isComplete, "\(pointer): \(order)")
      for (name, member) in properties.members {
        let inner = hints[name] ?? [:]
        if let items = member["items"] {
          checkOrder(inner["items"] ?? [:], of: items, "\(pointer)/\(name)")
        } else {
          checkOrder(inner, of: member, "\(pointer)/\(name)")
        }
      }
    }
  }

  @Test func ordersAreCompleteAtEveryDepth() {
    for (name, schema, hints) in Self.all(.reactJSONSchemaForm) { Self.checkOrder(hints, of: schema, name) }
  }

  @Test func groupsKeepTheOrder() throws {
    for (name, _, hints) in Self.all(.reactJSONSchemaForm) {
      let fields = try #require(hints["ui:groups"]?.arrayValue).flatMap { $0["fields"]?.arrayValue ?? [] }
      let shown = try #require(hints["ui:order"]?.arrayValue).filter { fields.contains($0) }
      #expect(fields == shown, "\(name)")
    }
  }

  @Test func secretsAreMaskedAndNeverShownAsPlaceholder() {
    let secret = Parameter("value", .string(), title: "Value", "The secret itself.").with {
      $0.isSecret = true
      $0.example = "s3cret"
    }
    let react = FormHints.document([secret], dialect: .reactJSONSchemaForm)
    #expect(react["value"]?["ui:widget"] == "password" && react["value"]?["ui:placeholder"] == nil)
    let control = FormHints.document([secret], dialect: .jsonForms)["elements"]?.arrayValue?.first
    #expect(control?["options"] == ["format": "password"])
  }

  /// One declaration says it for both dialects.
  @Test func aHintBelongsToTheDeclaration() throws {
    let note = Parameter("note", .string(), title: "Note", "A note.").with {
      $0.group = .service
      $0.widget = .textarea
      $0.actions = [.serve]
    }
    let parameters = RunParameters.run + [note]
    let react = FormHints.document(parameters, action: .serve, dialect: .reactJSONSchemaForm)
    #expect(react["note"]?["ui:widget"] == "textarea")
    let service = react["ui:groups"]?.arrayValue?.first { $0["title"] == "Service" }
    #expect(service?["fields"]?.arrayValue?.contains("note") == true)
    let groups = FormHints.document(parameters, action: .serve, dialect: .jsonForms)["elements"]?.arrayValue
    let controls = groups?.first { $0["label"] == "Service" }?["elements"]?.arrayValue
    #expect(controls?.contains { $0["scope"] == "#/properties/note" && $0["options"]?["multi"] == true } == true)
    let job = FormHints.document(parameters, action: .job, dialect: .reactJSONSchemaForm)
    #expect(job["note"] == nil && job["ui:order"]?.arrayValue?.contains("note") == false)
  }

  /// A default that a form fills in would be sent, and so win over the function's own value.
  @Test func defaultsAreShownNotFilledIn() throws {
    let job = JSONValue.object(Self.forms.params(of: RunParameters.run, action: .job))
    #expect(job["properties"]?["image_pull_policy"] != nil)
    #expect(job["properties"]?["image_pull_policy"]?["default"] == nil)
    let hints = FormHints.document(RunParameters.run, action: .job, dialect: .reactJSONSchemaForm)
    #expect(hints["image_pull_policy"]?["ui:placeholder"] == "IfNotPresent")
    let wire = JSONSchema().params(of: RunParameters.run, action: .job)
    #expect(wire["properties"]?["image_pull_policy"]?["default"] == "IfNotPresent")
  }

  @Test func formsHaveConstantsForOlderLibrariesAndOneWayToSayAThing() throws {
    let serve = JSONValue.object(Self.forms.params(of: RunParameters.run, action: .serve))
    let action = serve["properties"]?["action"]
    for keyword in ["const", "default"] { #expect(action?[keyword] == "serve") }
    #expect(action?["enum"] == ["serve"] && action?["type"] == "string")
    #expect(serve["properties"]?["resources"]?["properties"]?.objectValue?.keys == ["limits", "requests", "disk"])
    let volume = serve["properties"]?["volumes"]?["items"]?["oneOf"]?.arrayValue?.first?["properties"]
    #expect(volume?["mount_path"]?["pattern"] == "^/[\\s\\S]*$")
    #expect(volume?["name"]?["pattern"] == "^[\\s\\S]*\\S[\\s\\S]*$")
  }
}
