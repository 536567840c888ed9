internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getProject = Method(
    MethodDeclaration(
      "getProject",
      summary: "One project, by name.",
      parameters: [SharedParameters.projectName],
      result: "The project.",
      errors: [.projectNotFound],
      example: ["name": "my_project"]
    ),
    order: .concurrent
  ) { call in
    .object(try await call.platform.getProject(call.string("name") ?? "").json)
  }
}
