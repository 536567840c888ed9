internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getTask = Method(
    MethodDeclaration(
      "getTask",
      summary: "One task, by id.",
      parameters: [
        SharedParameters.project, SharedParameters.id.with { $0.description = "The task's id or store:// key." },
      ],
      result: "The task.",
      errors: [.taskNotFound],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    let (project, id) = try call.identity(.task)
    return .object(try await call.platform.getTask(project: project, id: id).json)
  }
}
