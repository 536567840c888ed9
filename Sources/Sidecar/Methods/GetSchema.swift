internal import JSON
internal import Model
internal import ParameterSchema

extension Method {
  static let getSchema = Method(
    MethodDeclaration(
      "getSchema",
      summary: "One of the JSON Schemas, by name.",
      parameters: [
        Parameter("name", .string(.nonEmpty), title: "Name", "Such as `function` or `run.job`.").with {
          $0.required = true
          $0.example = "run.job"
        }
      ],
      result: "A JSON Schema (2020-12).",
      errors: [.invalidParams, .schemaNotFound],
      example: ["name": "run.job"]
    )
  ) { call in
    let name = call.params["name"]?.stringValue ?? ""
    guard let document = SchemaFiles.document(named: name, methods: MethodRegistry.declarations) else {
      throw SidecarError(
        .schemaNotFound,
        "There is no schema `\(name)`.",
        hint: "There are function, run.job, run.serve, run.build, run.deploy."
      )
    }
    return .object(document)
  }
}
