internal import JSON
internal import Model
internal import ParameterSchema

extension Method {
  static let getSchema = Method(
    MethodDeclaration(
      "getSchema",
      summary: "One of the JSON Schemas, or a form's hints, by name.",
      parameters: [
        Parameter(
          "name",
          .string(.nonEmpty),
          title: "Name",
          "Such as `function`, `run.job` or `container-file`; `forms/run.job` for a form's schema, and `ui/json-forms/run.job` or "
            + "`ui/react-jsonschema-form/run.job` for the hints that go with it."
        ).with {
          $0.required = true
          $0.example = "run.job"
        }
      ],
      result: "A JSON Schema (2020-12; draft-07 below draft-07/ and forms/), or hints in the dialect that is named.",
      errors: [.invalidParams, .schemaNotFound],
      example: ["name": "run.job"]
    )
  ) { call in
    let name = call.params["name"]?.stringValue ?? ""
    guard let document = SchemaFiles.document(named: name, methods: MethodRegistry.declarations) else {
      let names =
        ["function", "container-file"] + Action.allCases.map { "run.\($0.rawValue)" }
        + MethodRegistry.declarations.map { "methods/\($0.name)" }
      throw SidecarError(
        .schemaNotFound,
        "There is no schema `\(name)`.",
        hint: EditDistance.nearest(to: name, among: names).map { "Did you mean `\($0)`?" }
          ?? "There are \(names.joined(separator: ", ")); and the same below \(SchemaFiles.folders.joined(separator: ", "))."
      )
    }
    return .object(document)
  }
}
