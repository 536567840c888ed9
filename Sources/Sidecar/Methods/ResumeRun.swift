internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let resumeRun = Method(
    MethodDeclaration(
      "resumeRun",
      summary: "Brings a stopped run back: a serve or a deploy to its replicas, a job as a new attempt.",
      parameters: [SharedParameters.project, SharedParameters.id],
      result: "The run.",
      errors: [.runNotFound, .invalidState, .portInUse, .engineUnavailable],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.resumeRun(try call.run()).json)
  }
}
