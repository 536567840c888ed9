internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let deleteProject = Method(
    MethodDeclaration(
      "deleteProject",
      summary: "Deletes a project.",
      parameters: [
        SharedParameters.name.with {
          $0.required = true
          $0.shape = .string(.slug)
          $0.description = "The project's name."
          $0.example = "my_project"
        }, SharedParameters.cascade,
      ],

      result: "The project as it was.",
      errors: [.invalidParams, .projectNotFound, .hasDependents, .catalogError, .catalogFull, .catalogTooNew],
      example: ["name": "my_project"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.deleteProject(call.string("name") ?? "", cascade: call.flag("cascade")).json)
  }
}
