internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getProject = Method(
    MethodDeclaration(
      "getProject",
      summary: "One project, by name.",
      parameters: [
        SharedParameters.name.with {
          $0.required = true
          $0.shape = .string(.slug)
          $0.description = "The project's name."
          $0.example = "my_project"
        }
      ],

      result: "The project.",
      errors: [.invalidParams, .projectNotFound, .catalogError, .catalogFull, .catalogTooNew],
      example: ["name": "my_project"]
    ),
    order: .concurrent
  ) { call in
    .object(try await call.platform.getProject(call.string("name") ?? "").json)
  }
}
