import Foundation
import JSON
import Model
import ParameterSchema
import Testing

/// The committed schema folder against the declarations.
@Suite struct CommittedFilesTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("schema")

  static func parameters(_ schema: String) throws -> ([Parameter], Action?) {
    if schema == "function" { return (FunctionParameters.create, nil) }
    if schema == "container-file" { return (ContainerFileParameters.document, nil) }
    let action = try #require(Action(rawValue: String(schema.dropFirst("run.".count))))
    return (RunParameters.run, action)
  }

  static func examples(_ folder: String) throws -> [(name: String, value: JSONValue)] {
    let folder = root.appendingPathComponent("examples/\(folder)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return try names.map { name in
      (name, try JSONValue(parsing: [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))))
    }
  }

  static func check(_ example: JSONValue) throws -> ParameterCheck {
    let (parameters, action) = try parameters(try #require(example["schema"]?.stringValue))
    return ParameterCheck(try #require(example["params"]?.objectValue), against: parameters, action: action)
  }

  @Test func schemasAreUpToDate() throws {
    // openrpc.json and methods/ need the methods, which are above this target.
    for (path, bytes) in SchemaFiles.all(methods: []) where path != "openrpc.json" {
      let committed = try Data(contentsOf: Self.root.appendingPathComponent(path))
      let isSame = [UInt8](committed) == bytes
      #expect(isSame, "\(path) has drifted: dh-sidecar schema --write schema/")
    }
  }

  /// A new parameter needs no file of its own: its declaration's example stands for it in the schemas.
  @Test func validExamplesPassAndCoverEveryParameter() throws {
    let examples = try Self.examples("valid")
    #expect(examples.count >= 30)
    var seen: Set<String> = []
    for (name, example) in examples {
      #expect(try Self.check(example).faults.isEmpty, "\(name)")
      seen.formUnion(try Self.check(example).normalised.keys)
    }
    for parameter in FunctionParameters.create + RunParameters.run {
      let isShown = seen.contains(parameter.name) || parameter.example != nil
      #expect(isShown, "neither a valid example nor the declaration shows \(parameter.name)")
    }
  }

  @Test func invalidExamplesHaveExactlyTheFaultThatTheyName() throws {
    let examples = try Self.examples("invalid")
    #expect(examples.count >= 30)
    for (name, example) in examples {
      let pointers = try Self.check(example).faults.map(\.pointer)
      #expect(pointers == [try #require(example["pointer"]?.stringValue)], "\(name)")
    }
  }
}
