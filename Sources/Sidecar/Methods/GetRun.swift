internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getRun = Method(
    MethodDeclaration(
      "getRun",
      summary: "A run as it is now, by id or key.",
      parameters: [SharedParameters.project, SharedParameters.id],
      result: "The run.",
      errors: [.runNotFound],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    .object(try await call.platform.getRun(try call.run()).json)
  }
}
