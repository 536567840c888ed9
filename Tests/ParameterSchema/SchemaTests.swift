import JSON
import Model
import ParameterSchema
import Testing

@Suite struct SchemaTests {
  static func method(_ parameters: [Parameter]) -> MethodDeclaration {
    MethodDeclaration(
      "run",
      summary: "Runs a function.",
      parameters: parameters,
      discriminatedByAction: true,
      result: "The run.",
      errors: [.functionNotFound]
    )
  }

  /// One declaration is all that a new parameter needs.
  @Test func aParameterIsAddedByOneDeclaration() throws {
    let extra = Parameter("colour", .enumeration(["red", "blue"]), title: "Colour", "The colour of the run.").with {
      $0.scopes = [.run]
      $0.actions = [.serve]
      $0.aliases = ["color"]
    }
    let method = Self.method(RunParameters.run + [extra])
    #expect(method.check(["function": "f", "action": "serve", "color": "red"]).normalised["colour"] == "red")
    #expect(method.check(["function": "f", "action": "serve", "color": "green"]).faults.map(\.rule) == ["enum"])
    #expect(method.check(["function": "f", "action": "job", "color": "red"]).faults.map(\.rule) == ["other_action"])
    let files = SchemaFiles.all(methods: [method])
    for path in ["methods/run.schema.json", "draft-07/methods/run.schema.json", "openrpc.json"] {
      #expect(String(decoding: try #require(files[path]), as: UTF8.self).contains("The colour of the run."))
    }
    let form = String(decoding: try #require(files["forms/methods/run.schema.json"]), as: UTF8.self)
    #expect(form.contains("\"colour\"") && !form.contains("\"color\""))
    #expect(ReferenceTables.parameters([extra]).contains("| `colour` |  |  | yes |  |  | works |"))
  }

  @Test func schemasAreClosedAndPlain() throws {
    let files = SchemaFiles.all(methods: [Self.method(RunParameters.run)])
    for (path, bytes) in files {
      let value = try JSONValue(parsing: bytes)
      let text = value.text()
      #expect(!text.contains("\"if\":") && !text.contains("\"$ref\""), "\(path)")
      // HTML's pattern attribute refuses a bare dash in brackets.
      #expect(text.ranges(of: "-]").count == text.ranges(of: "\\\\-]").count, "\(path)")
    }
    let run = try JSONValue(parsing: try #require(files["methods/run.schema.json"]))
    let variants = try #require(run["oneOf"]?.arrayValue)
    #expect(variants.map { $0["properties"]?["action"]?["const"] } == ["job", "serve", "build", "deploy"])
    for variant in variants { #expect(variant["additionalProperties"] == false) }
  }

  @Test func aReadmeGetsItsTablesAnew() {
    let text = """
      a
      <!-- BEGIN generated: parameters -->
      old
      <!-- END generated: parameters -->
      <!-- BEGIN generated: methods -->
      <!-- END generated: methods -->
      b

      """
    let fresh = ReferenceTables.refreshed(text, methods: [Self.method([])])
    for line in ["| `run` | Runs a function. |\n", "| `run_as_user` |", "a\n", "b\n"] { #expect(fresh.contains(line)) }
    #expect(!fresh.contains("old") && !fresh.contains("| Error |"))
    #expect(ReferenceTables.refreshed(fresh, methods: [Self.method([])]) == fresh)
  }

  @Test func tablesReplaceOnlyBetweenTheirMarkers() {
    let text = "a\n<!-- BEGIN generated: x -->\nold\n<!-- END generated: x -->\nb\n"
    #expect(
      ReferenceTables.replacing("x", in: text, with: "new\n")
        == "a\n<!-- BEGIN generated: x -->\nnew\n<!-- END generated: x -->\nb\n"
    )
    #expect(ReferenceTables.replacing("y", in: text, with: "new\n") == nil)
  }
}
