internal import JSON
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
        .invalidParams, .functionNotFound, .secretNotFound, .unsupportedAction, .unsupportedParameter, .alreadyExists,
        .idempotencyConflict, .engineUnavailable, .catalogError, .catalogFull, .catalogTooNew,
      ],
      example: ["function": "my_function", "action": "job"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.run(try call.runDraft()).json)
  }
}

extension MethodCall {
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
