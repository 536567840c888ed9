internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let resumeRun = Method(
    MethodDeclaration(
      "resumeRun",
      summary: "Brings a stopped run back, where the platform can.",
      parameters: [SharedParameters.project, SharedParameters.id],
      result: "The run.",
      errors: [.runNotFound, .invalidState],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.resumeRun(try call.run()).json)
  }
}
