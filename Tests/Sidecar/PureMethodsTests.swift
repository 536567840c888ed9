import JSON
import Model
import Platform
import Testing

@testable import Sidecar

@Suite struct PureMethodsTests {
  @Test(
    arguments: [
      ("run", ["function": "f", "action": "job", "instructions": ["x"]], [], ["/instructions"]),
      ("run", ["function": "f", "action": "job", "replicas": 2, "nonsense": 1], ["/replicas", "/nonsense"], []),
      ("createFunction", ["name": "f", "kind": "container", "code": "a", "code_src": "b"], ["/code_src"], []),
      ("getRun", [:], ["/id"], []), ("initialize", [:], [], []),
    ] as [(String, JSONObject, [String], [String])]
  )
  func validateIsTheCheckAlone(method: String, params: JSONObject, faults: [String], warnings: [String]) async throws {
    let platform = RecordingPlatform()
    let answer = try await platform.call("validate", ["method": .string(method), "params": .object(params)])
    func pointers(_ name: String) -> [String]? { answer[name]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } }
    #expect(answer["valid"] == .bool(faults.isEmpty))
    #expect(pointers("errors") == faults && pointers("warnings") == warnings)
    #expect(platform.all.isEmpty)
  }

  @Test func validateKnowsTheMethods() async throws {
    let error = await #expect(throws: SidecarError.self) {
      try await RecordingPlatform().call("validate", ["method": "getrun", "params": [:]])
    }
    #expect(error?.faults.map(\.pointer) == ["/method"] && error?.faults.first?.hint == "Did you mean `getRun`?")
  }

  @Test(arguments: ["function", "run.job", "run.serve", "run.build", "run.deploy", "methods/waitRun"])
  func aSchemaIsGivenByName(name: String) async throws {
    let schema = try await RecordingPlatform().call("getSchema", ["name": .string(name)])
    #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
  }

  /// What a page needs to show a form comes from the process that it calls.
  @Test func aFormAndItsHintsAreGivenByName() async throws {
    let form = try await RecordingPlatform().call("getSchema", ["name": "forms/run.serve"])
    #expect(form["$schema"] == "http://json-schema.org/draft-07/schema#")
    let hints = try await RecordingPlatform().call("getSchema", ["name": "ui/json-forms/run.serve"])
    #expect(hints["type"] == "VerticalLayout")
    let masked = try await RecordingPlatform().call(
      "getSchema",
      ["name": "ui/react-jsonschema-form/methods/setSecret"]
    )
    #expect(masked["value"]?["ui:widget"] == "password")
    for name in ["ui/json-forms/methods/run", "ui/json-forms/methods/getCapabilities", "forms/", "ui/run.job"] {
      await #expect(throws: SidecarError.self) {
        try await RecordingPlatform().call("getSchema", ["name": .string(name)])
      }
    }
  }

  @Test func anUnknownSchemaNamesTheNearest() async throws {
    let error = await #expect(throws: SidecarError.self) {
      try await RecordingPlatform().call("getSchema", ["name": "run.jobs"])
    }
    #expect(error?.code == .schemaNotFound && error?.hint?.contains("run.job") == true)
    let other = await #expect(throws: SidecarError.self) {
      try await RecordingPlatform().call("getSchema", ["name": "something else"])
    }
    #expect(other?.hint?.contains("methods/") == true)
  }
}
