internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getTask = Method(
    MethodDeclaration(
      "getTask",
      summary: "One task, by id.",
      parameters: [SharedParameters.project, SharedParameters.id],
      result: "The task.",
      errors: [.taskNotFound],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    let text = call.string("id") ?? ""
    let id = EntityKey(parsing: text)?.id ?? EntityID.normalise(text) ?? text
    return .object(try await call.platform.getTask(project: call.project, id: id).json)
  }
}
