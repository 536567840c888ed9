internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listSecrets = Method(
    MethodDeclaration(
      "listSecrets",
      summary: "The secrets of a project, without their values.",
      parameters: [SharedParameters.project] + SharedParameters.paging,
      result: "{items, total, next_cursor}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    try await call.platform.listSecrets(call.query).json
  }
}
