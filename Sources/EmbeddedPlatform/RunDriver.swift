internal import Catalog
internal import JSON
internal import Model
internal import Platform

/// Takes one run from wherever it is to its end. Only the sidecar that holds the run's lease drives it, and only the
/// driver touches its containers: a stop or a delete is recorded by whoever asks for it, and carried out here.
actor RunDriver {
  private let project: String
  private let id: String
  private let catalog: Catalog
  private let executor: any Executor
  private let transitions: RunTransitions
  private var launch: Task<Observation, any Error>?
  /// Waits for the end of what runs.
  private var watch: Task<Observation, any Error>?
  /// What the last interrupt was for: the same wish is not carried out twice at once.
  private var interruptedSeq: Int?
  /// Until the container is started, or the run is over; a build is over with its sidecar, so it counts to its end.
  private(set) var isLaunching: Bool

  init(_ run: RunRecord, catalog: Catalog, executor: any Executor, changes: RunChanges) {
    project = run.entity.project
    id = run.id
    self.catalog = catalog
    self.executor = executor
    transitions = RunTransitions(catalog: catalog, changes: changes)
    isLaunching = run.state != .running || run.action == .build
  }

  /// Returns when the run is over, or the task is cancelled: then it goes on without a driver.
  func drive() async {
    var patience = Duration.milliseconds(200)
    while !Task.isCancelled {
      do {
        try await step()
        break
      } catch is NotUpYet {
        continue
      } catch is CancellationError {
        // A launch that was called off: what is recorded says what is wanted instead.
        continue
      } catch let error as SidecarError where error.code.retryable {
        // The engine or the disk may come back; the run waits, and says why.
        await note(error)
        try? await Task.sleep(for: patience)
        patience = min(patience * 2, .seconds(5))
      } catch let failure {
        let error = failure as? SidecarError
        let reason = error?.code.name ?? "internal_error"
        let message = error.map(Self.words) ?? "Internal error: \(failure)"
        let ending = Ending(succeeded: false, exitCode: nil, reason: reason, message: message)
        await quiet()
        if (try? await finish(ending)) != nil { break }
        try? await Task.sleep(for: patience)
      }
    }
    isLaunching = false
  }

  /// Nothing of a serve or a deploy goes on that is said to have failed: the engine would keep it up for ever.
  private func quiet() async {
    guard let run = try? await recorded(), run.action == .serve || run.action == .deploy,
      let execution = try? await catalog.execution(of: run)
    else { return }
    try? await executor.stop(execution, graceSeconds: 1)
  }

  /// Something about the run was recorded by somebody else: a stop or a delete takes effect at once.
  func interrupt() async {
    guard let run = try? await recorded(), run.state == .stop || run.state == .deleting else { return }
    if let launch { return launch.cancel() }
    guard run.seq != interruptedSeq else { return }
    interruptedSeq = run.seq
    // What stays up has no end to wait for, and must not be taken for a program that ended by itself.
    if run.action.staysUp, let watch { return watch.cancel() }
    guard let execution = try? await catalog.execution(of: run) else { return }
    // The driver waits for the end: this brings it about. Where it fails, the driver takes over and goes on trying.
    do {
      if run.state == .stop {
        try await executor.stop(execution, graceSeconds: RunStatus(run.entity.status).stopGraceSeconds)
      } else {
        try await executor.remove(execution)
      }
    } catch {
      watch?.cancel()
    }
  }

  // MARK: Steps

  private func step() async throws {
    guard var run = try await recorded(), !run.state.isTerminal else { return }
    let execution = try await catalog.execution(of: run)
    if run.state == .stop { return try await carryOutStop(run, execution) }
    if run.state == .deleting { return try await carryOutDelete(run, execution) }
    if run.state == .ready || run.state == .resume {
      guard let next = try await transitions.perform(run, to: .pending) else { return try await step() }
      run = next
    }
    var observation = try await run.state == .pending ? launched(execution) : executor.observe(execution)
    // Recorded as running, but only made: it was started when this machine went down. What stays up is begun again
    // also where it has ended.
    if run.state == .running, observation.isPending || (run.action.staysUp && observation.isEnded) {
      observation = try await launched(execution)
      // What was noted meanwhile holds no more.
      if case .running = observation { _ = try await transitions.note(run) { $0.note(nil) } }
    }
    if case .running(let since) = observation {
      if run.state == .pending {
        let upkeep = try await executor.upkeep(execution)
        let begun = try await transitions.perform(run, to: .running) { status in
          status.begin(at: since ?? Timestamp.now())
          if let upkeep { status.set(upkeep) }
        }
        guard begun != nil else { return try await step() }
      }
      isLaunching = run.action == .build
      observation = try await watched(execution)
    }
    switch observation {
    case .ended(let ending): try await finish(ending)
    case .absent:
      let message = "The run's container is gone: somebody removed it."
      try await finish(Ending(succeeded: false, exitCode: nil, reason: "Vanished", message: message))
    case .pending(let detail) where run.action.staysUp || executor.queues:
      isLaunching = false
      if let detail { await note(detail) }
      throw NotUpYet()
    case .pending, .running: throw SidecarError(.engineUnavailable, "The engine has no end for the run yet.")
    }
  }

  /// What is to stay up is not, or not any more: it goes on from what is recorded.
  private struct NotUpYet: Error {}

  private func launched(_ execution: Execution) async throws -> Observation {
    let (executor, changes, id) = (executor, transitions.changes, id)
    let launch = Task { try await executor.ensure(execution) { changes.publish(.progress($0), for: id) } }
    self.launch = launch
    defer { self.launch = nil }
    return try await unlessCalledOff(launch)
  }

  private func watched(_ execution: Execution) async throws -> Observation {
    let watch = Task { [executor, self] in
      try await executor.awaitEnd(execution) { await self.record($0) }
    }
    self.watch = watch
    defer { self.watch = nil }
    return try await unlessCalledOff(watch)
  }

  private func unlessCalledOff(_ task: Task<Observation, any Error>) async throws -> Observation {
    return try await withTaskCancellationHandler {
      do {
        // What was asked for while there was no task yet to cancel.
        if let run = try await recorded(), run.state == .stop || run.state == .deleting { task.cancel() }
      } catch {
        task.cancel()
        throw error
      }
      return try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func record(_ upkeep: Upkeep) async {
    guard let run = try? await recorded(), run.state == .running else { return }
    var status = RunStatus(run.entity.status)
    guard status.set(upkeep) else { return }
    _ = try? await transitions.note(run) { $0.set(upkeep) }
    transitions.changes.publish(.look, for: id)
  }

  private func finish(_ ending: Ending) async throws {
    var upkeep: Upkeep?
    if let run = try await recorded(), run.action.staysUp {
      // For the record only: where the engine is gone, the end counts all the same.
      upkeep = try? await executor.upkeep(try await catalog.execution(of: run))
    }
    while let run = try await recorded(), !run.state.isTerminal {
      let state: RunState = ending.succeeded ? .completed : .error
      switch run.state {
      case .stop: return try await carryOutStop(run, try await catalog.execution(of: run))
      case .deleting: return try await carryOutDelete(run, try await catalog.execution(of: run))
      case .pending where ending.startedAt != nil:
        // It began and ended between two looks: it was running all the same.
        _ = try await transitions.perform(run, to: .running) { $0.begin(at: ending.startedAt ?? Timestamp.now()) }
      default:
        if ending.succeeded, let image = ending.image { try await catalog.adopt(image, of: run) }
        let message = ending.succeeded ? nil : ending.message
        _ = try await transitions.perform(run, to: state, message: message) { status in
          if let upkeep { status.set(upkeep) }
          status.end(ending)
        }
      }
    }
  }

  private func carryOutStop(_ run: RunRecord, _ execution: Execution) async throws {
    try await executor.stop(execution, graceSeconds: RunStatus(run.entity.status).stopGraceSeconds)
    let observation = try await executor.observe(execution)
    let upkeep = try await executor.upkeep(execution)
    // Lost to a delete, or to a shorter grace: the loop in `drive` has no more to do where the run is over.
    let stopped = try await transitions.perform(run, to: .stopped, message: "Stopped on request.") { status in
      if case .ended(let ending) = observation { status.end(ending) }
      if let upkeep { status.set(upkeep) }
      status.closeService()
      status.setReason("Stopped")
    }
    if stopped == nil { try await step() }
  }

  private func carryOutDelete(_ run: RunRecord, _ execution: Execution) async throws {
    try await executor.remove(execution)
    _ = try await catalog.deleteRun(project: project, id: id)
    transitions.changes.publish(.look, for: id)
  }

  /// All that is known of why, with the remedy.
  private static func words(_ error: SidecarError) -> String {
    let faults = error.faults.map { "\($0.pointer): \($0.message)" }
    return ([error.message] + faults + [error.cause, error.hint].compactMap { $0 }).joined(separator: " ")
  }

  private func recorded() async throws -> RunRecord? { try await catalog.run(project: project, id: id) }

  private func note(_ error: SidecarError) async { await note(error.message) }

  private func note(_ message: String) async {
    guard let run = try? await recorded(), !run.state.isTerminal else { return }
    // Writing the same again would only wake those who wait.
    guard run.entity.status["message"]?.stringValue != message else { return }
    _ = try? await transitions.note(run) { $0.note(message) }
    transitions.changes.publish(.progress(Progress(message: message)), for: id)
  }
}

extension Observation {
  fileprivate var isPending: Bool { if case .pending = self { true } else { false } }
  fileprivate var isEnded: Bool { if case .ended = self { true } else { false } }
}
