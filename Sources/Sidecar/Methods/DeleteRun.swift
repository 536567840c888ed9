internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let deleteRun = Method(
    MethodDeclaration(
      "deleteRun",
      summary: "Deletes a run and all that was made for it; one that goes on is stopped first.",
      parameters: [SharedParameters.project, SharedParameters.id],
      result: "The run as it was, DELETED.",
      errors: [.runNotFound, .engineUnavailable],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.deleteRun(try call.run(), decided: call.context.leaveLane).json)
  }
}
