internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getOrCreateProject = Method(
    MethodDeclaration(
      "getOrCreateProject",
      summary: "The project of that name, made where it is missing.",
      parameters: [
        SharedParameters.projectName, SharedParameters.description, SharedParameters.labels,
      ],
      result: "The project.",
      example: ["name": "my_project"]
    ),
    order: .changesNamedProject
  ) { call in
    var draft = ProjectDraft(name: call.string("name") ?? "")
    draft.description = call.string("description")
    draft.labels = call.labels
    return .object(try await call.platform.getOrCreateProject(draft).json)
  }
}
