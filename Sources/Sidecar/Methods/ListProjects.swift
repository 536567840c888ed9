internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listProjects = Method(
    MethodDeclaration(
      "listProjects",
      summary: "The projects, newest first.",
      parameters: [SharedParameters.name] + SharedParameters.paging,
      result: "{items, total, next_cursor}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    try await call.platform.listProjects(call.query).json
  }
}
