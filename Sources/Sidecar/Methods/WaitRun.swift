internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let waitRun = Method(
    MethodDeclaration(
      "waitRun",
      summary: "Waits for a run: a job and a build to their end, a serve and a deploy until they run.",
      parameters: [
        SharedParameters.project, SharedParameters.id, SharedParameters.timeoutSeconds, SharedParameters.progressToken,
        Parameter("until", .enumeration(["running", "terminal"]), title: "Until", "What to wait for."),
      ],
      result: "The run, with timed_out.",
      errors: [.runNotFound],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    let reference = try call.run()
    let progress = call.context.progress(for: call.params)
    try await progress?.send(.begin, message: "Waiting for run \(reference.id)")
    let result = try await call.platform.waitRun(
      reference,
      until: call.string("until").flatMap(WaitGoal.init),
      timeoutSeconds: call.params["timeout_seconds"]?.doubleValue
    ) { step in
      try? await progress?.send(.report, message: step.message, done: step.done, total: step.total, unit: step.unit)
    }
    try await progress?.send(.end, message: result.run.status["state"]?.stringValue)
    var json = result.run.json
    json["timed_out"] = .bool(result.timedOut)
    return .object(json)
  }
}
