internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listTasks = Method(
    MethodDeclaration(
      "listTasks",
      summary: "The tasks of a project, newest first.",
      parameters: [SharedParameters.project, SharedParameters.function, SharedParameters.action]
        + SharedParameters.paging,
      result: "{items, total, next_cursor}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    try await call.platform.listTasks(
      call.query,
      function: try call.function(),
      action: call.string("action").flatMap(Action.init)
    ).json
  }
}
