internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let deleteProject = Method(
    MethodDeclaration(
      "deleteProject",
      summary: "Deletes a project; with cascade its runs, all that was made for them, and its volumes too.",
      parameters: [
        SharedParameters.projectName, SharedParameters.cascade,
      ],
      result: "The project as it was.",
      errors: [.projectNotFound, .hasDependents, .engineUnavailable, .engineError],
      example: ["name": "my_project"]
    ),
    order: .changesNamedProject
  ) { call in
    .object(try await call.platform.deleteProject(call.string("name") ?? "", cascade: call.flag("cascade")).json)
  }
}
