internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let stopRun = Method(
    MethodDeclaration(
      "stopRun",
      summary: "Stops a run; it is kept, with its logs.",
      parameters: [
        SharedParameters.project, SharedParameters.id,
        Parameter(
          "grace_seconds",
          .integer(minimum: 0, maximum: 3600),
          title: "Grace",
          "From SIGTERM to SIGKILL; without it `local.stop_grace_seconds` of the settings."
        ).with {
          $0.unit = "s"
          $0.example = 10
        },
      ],
      result: "The run.",
      errors: [.runNotFound, .invalidState, .engineUnavailable],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .changesProject
  ) { call in
    .object(
      try await call.platform.stopRun(
        try call.run(),
        graceSeconds: call.params["grace_seconds"]?.integerValue,
        decided: call.context.leaveLane
      ).json
    )
  }
}
