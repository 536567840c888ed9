internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let run = Method(
    MethodDeclaration(
      "run",
      summary: "Runs a function; answers at once with the run.",
      parameters: RunParameters.run,
      discriminatedByAction: true,
      result: "The run.",
      errors: [
        .functionNotFound, .secretNotFound, .unsupportedAction, .unsupportedParameter, .alreadyExists,
        .idempotencyConflict, .profileNotFound, .portInUse, .engineUnavailable,
      ],
      example: ["function": "my_function", "action": "job"]
    ),
    order: .changesProject
  ) { call in
    let run = try await call.platform.run(try call.runDraft())
    call.reportLaunch(of: RunReference(project: run.project, id: run.id))
    return .object(run.json)
  }
}

extension MethodCall {
  /// The run is answered at once; how its launch goes on is told until it is running or over.
  fileprivate func reportLaunch(of run: RunReference) {
    guard let progress = context.progress(for: params) else { return }
    context.spawn { [platform] in
      try? await progress.send(.begin, message: "Starting run \(run.id)")
      let result = try? await platform.waitRun(run, until: .running, timeoutSeconds: nil) { step in
        try? await progress.send(.report, message: step.message, done: step.done, total: step.total, unit: step.unit)
      }
      try? await progress.send(.end, message: result?.run.status["state"]?.stringValue)
    }
  }

  /// What `run` and `renderRun` share.
  func runDraft() throws -> RunDraft {
    let spec = JSONObject(
      RunParameters.spec.compactMap { parameter in params[parameter.name].map { (parameter.name, $0) } }
    )
    guard let action = string("action").flatMap(Action.init) else {
      throw SidecarError.faults([Fault(pointer: "/action", rule: "required", message: "`action` is missing.")])
    }
    var draft = RunDraft(project: project, function: try requiredFunction(), action: action, spec: spec)
    draft.id = string("uuid").flatMap(EntityID.normalise)
    draft.idempotencyKey = string("idempotency_key")
    draft.name = string("name")
    draft.description = string("description")
    draft.labels = labels
    draft.warnings = warnings
    return draft
  }
}
