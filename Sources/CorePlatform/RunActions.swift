internal import JSON
package import Model
package import Platform

extension CorePlatform {
  /// How long a stop or a deletion is watched before it is answered as it is: Core carries both out by itself.
  private static let settleSeconds = 15.0

  package func stopRun(
    _ reference: RunReference,
    graceSeconds: Int?,
    decided: @Sendable () -> Void
  ) async throws -> Entity {
    if graceSeconds != nil {
      let fault = Fault(
        pointer: "/grace_seconds",
        rule: "unsupported",
        message: "Core stops with the cluster's own grace: `grace_seconds` can't be honoured.",
        hint: "Leave it out."
      )
      throw SidecarError(.unsupportedParameter, fault.message, hint: fault.hint, faults: [fault])
    }
    // Core answers a stop with 200 whether or not it means anything, so the run is looked at first.
    var view = try await view(reference)
    let before = view.state
    switch before {
    case .created, .built, .ready, .pending: return try await deleteUnstoppable(reference, view, decided: decided)
    case .running, .resume: view = try await act("stop", on: reference)
    case .stop: break
    case let state where state.isTerminal || state == .deleting:
      throw SidecarError(
        .invalidState,
        "The run is \(state.rawValue): there is nothing to stop.",
        cause: state.rawValue
      )
    // One that this version does not know: Core may know what a stop means there.
    default: view = try await act("stop", on: reference)
    }
    decided()
    if !view.state.isTerminal { view = try await settled(reference, view) { $0.state.isTerminal } }
    guard view.state != before else {
      throw SidecarError(
        .coreError,
        "Core took the stop and the run is still \(before.rawValue).",
        hint: "Look at it with getRun; deleteRun ends it with its record.",
        cause: before.rawValue
      )
    }
    return view.entity
  }

  /// Core swallows a stop before RUNNING: HTTP 200, and nothing changes (contract, section 4). Only a deletion keeps
  /// such a run from starting.
  private func deleteUnstoppable(
    _ reference: RunReference,
    _ view: RunView,
    decided: @Sendable () -> Void
  ) async throws -> Entity {
    var run = try await deleteRun(reference, decided: decided)
    let warning = Warning(
      pointer: "",
      code: "deleted",
      message:
        "The run was \(view.state.rawValue). Core can't stop a run before it is RUNNING, so it was deleted, with "
        + "its record: the only way to keep it from starting."
    )
    run.status["warnings"] = [.object(warning.json)]
    return run
  }

  package func resumeRun(_ reference: RunReference) async throws -> Entity {
    let before = try await view(reference)
    let (dialect, _) = try await client.dialect()
    guard before.state == .stopped else {
      throw SidecarError(
        .invalidState,
        "The run is \(before.state.rawValue): only a STOPPED run can be resumed.",
        cause: before.state.rawValue
      )
    }
    guard dialect.resumes else {
      throw SidecarError(
        .unsupportedMethod,
        "\(dialect.release) does not resume container runs: it would answer as if it had and change nothing. "
          + "Core 0.13 does.",
        hint: "Run the function again."
      )
    }
    var view = try await act("resume", on: reference)
    if view.state == .stopped { view = try await settled(reference, view) { $0.state != .stopped } }
    guard view.state != .stopped else {
      throw SidecarError(
        .coreError,
        "Core took the resume and the run stays STOPPED.",
        hint: "Run the function again.",
        cause: view.state.rawValue
      )
    }
    return view.entity
  }

  package func deleteRun(_ reference: RunReference, decided: @Sendable () -> Void) async throws -> Entity {
    let what = "the deletion of run \(reference.id)"
    let answer = try await client.send(spelling: reference.id, what) {
      .context("DELETE", reference.project, "runs", $0)
    }
    // To a second attempt "not found" means that the first was carried out.
    guard answer.isSuccess || answer.status == 404 && answer.attempts > 1 else {
      throw CoreRefusal.error(answer, what, missing: Self.notFound(reference))
    }
    decided()
    let answered = CoreEntity(answer.json).map { RunView(core: $0).entity }
    switch try await poller.wait(for: reference, seconds: Self.settleSeconds, until: { _ in false }) {
    case .gone:
      var run = answered ?? Self.gone(reference)
      run.status["state"] = .string(RunState.deleted.rawValue)
      return run
    case .unseen: return answered ?? Self.gone(reference)
    case .run(let rest):
      var run = rest.entity
      if rest.state != .deleting {
        let warning = Warning(
          pointer: "",
          code: "not_deleted",
          message:
            "Core took the deletion \(Int(Self.settleSeconds)) s ago and the run is still \(rest.state.rawValue)."
        )
        run.status["warnings"] = [.object(warning.json)]
      }
      return run
    }
  }

  // MARK: Shared

  /// POST …/runs/{id}/{action}: Core answers 200 whether or not the run's state allowed it, so the run is looked at.
  private func act(_ action: String, on reference: RunReference) async throws -> RunView {
    let what = "the \(action) of run \(reference.id)"
    let answer = try await client.send(spelling: reference.id, what) {
      .context("POST", reference.project, "runs", $0, action, body: [:])
    }
    guard answer.isSuccess else { throw CoreRefusal.error(answer, what, missing: Self.notFound(reference)) }
    if let entity = CoreEntity(answer.json), !entity.status.isEmpty { return RunView(core: entity) }
    return try await view(reference)
  }

  private func settled(
    _ reference: RunReference,
    _ view: RunView,
    until isSettled: @escaping @Sendable (RunView) -> Bool
  ) async throws -> RunView {
    let outcome = try await poller.wait(for: reference, seconds: Self.settleSeconds, until: isSettled)
    guard case .run(let settled) = outcome else { return view }
    return settled
  }

  private static func gone(_ reference: RunReference) -> Entity {
    CoreEntity(
      type: .run,
      kind: "container+run",
      id: reference.id,
      name: reference.id,
      project: reference.project,
      spec: [:]
    ).entity(.run, status: [:])
  }
}
