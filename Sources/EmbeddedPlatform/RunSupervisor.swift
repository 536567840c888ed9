internal import Catalog
internal import JSON
internal import Model
internal import Platform

/// Drives this sidecar's runs from record to end, one task each, and takes up those whose sidecar is gone.
actor RunSupervisor {
  let catalog: Catalog
  let executor: any Executor
  nonisolated let changes = RunChanges()
  nonisolated let foreignChanges: ForeignChanges
  private var drivers: [String: Task<Void, Never>] = [:]
  /// Runs whose container is not started yet.
  private var launching: Set<String> = []

  init(catalog: Catalog, executor: any Executor) {
    self.catalog = catalog
    self.executor = executor
    foreignChanges = ForeignChanges(catalog: catalog, changes: changes)
  }

  /// Takes the run up where nobody living drives it. False where another sidecar does, or it is over.
  @discardableResult
  func adopt(_ run: RunRecord) async throws -> Bool {
    guard !run.state.isTerminal else { return false }
    if drivers[run.id] != nil { return true }
    guard try await catalog.acquireLease(run: run.id) else { return false }
    guard drivers[run.id] == nil else { return true }
    if run.state != .running { launching.insert(run.id) }
    drivers[run.id] = Task { [weak self] in await self?.drive(run.entity.project, run.id) }
    return true
  }

  func isDriving(_ id: String) -> Bool { drivers[id] != nil }

  func drain(seconds: Double) async {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while !launching.isEmpty, clock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
  }

  // MARK: Driving

  private func drive(_ project: String, _ id: String) async {
    var patience = Duration.milliseconds(200)
    while !Task.isCancelled {
      do {
        try await step(project, id)
        break
      } catch is CancellationError {
        break
      } catch let error as SidecarError where error.code.retryable {
        // The engine or the disk may come back; the run waits, and says why.
        await note(project, id, error.message)
        try? await Task.sleep(for: patience)
        patience = min(patience * 2, .seconds(10))
      } catch {
        let reason = (error as? SidecarError)?.code.name ?? "internal_error"
        let message = (error as? SidecarError)?.message ?? "\(error)"
        let ending = Ending(succeeded: false, exitCode: nil, reason: reason, message: message)
        _ = try? await finish(project, id, ending)
        break
      }
    }
    launching.remove(id)
    drivers[id] = nil
    try? await catalog.releaseLease(run: id)
    changes.publish(.look, for: id)
  }

  /// From wherever the run is to its end.
  private func step(_ project: String, _ id: String) async throws {
    guard var run = try await catalog.run(project: project, id: id), !run.state.isTerminal else { return }
    let execution = try await execution(of: run)
    if run.state == .stop { return try await carryOutStop(run, execution) }
    if run.state == .deleting { return try await removeAll(run, execution) }
    if run.state == .ready || run.state == .resume {
      guard let next = try await transition(run, to: .pending) else { return try await step(project, id) }
      run = next
    }
    var observation: Observation
    if run.state == .pending {
      let changes = changes
      observation = try await executor.ensure(execution) { changes.publish(.progress($0), for: id) }
    } else {
      observation = try await executor.observe(execution)
    }
    if case .pending = observation, run.state == .running {
      observation = try await executor.ensure(execution) { _ in }
    }
    if case .running(let since) = observation {
      if run.state == .pending {
        let begun = try await transition(run, to: .running) { $0.begin(at: since ?? Timestamp.now()) }
        guard begun != nil else { return try await step(project, id) }
      }
      launching.remove(id)
      observation = try await executor.awaitEnd(execution)
    }
    switch observation {
    case .ended(let ending): try await finish(project, id, ending)
    case .absent:
      let message = "The run's container is gone: somebody removed it."
      try await finish(project, id, Ending(succeeded: false, exitCode: nil, reason: "Vanished", message: message))
    case .pending, .running: throw SidecarError(.engineUnavailable, "The engine has no end for the run yet.")
    }
  }

  private func finish(_ project: String, _ id: String, _ ending: Ending) async throws {
    while let run = try await catalog.run(project: project, id: id), !run.state.isTerminal {
      if run.state == .stop { return try await carryOutStop(run, try await execution(of: run)) }
      if run.state == .deleting { return }
      if run.state == .pending, ending.startedAt != nil, ending.succeeded {
        _ = try await transition(run, to: .running)
        continue
      }
      let state: RunState = ending.succeeded ? .completed : .error
      if try await transition(run, to: state, message: ending.succeeded ? nil : ending.message, { $0.end(ending) })
        != nil
      {
        return
      }
    }
  }

  private func carryOutStop(_ run: RunRecord, _ execution: Execution) async throws {
    try await executor.stop(execution, graceSeconds: run.entity.status["stop_grace_seconds"]?.integerValue ?? 10)
    let observation = try await executor.observe(execution)
    _ = try await transition(run, to: .stopped, message: "Stopped on request.") { status in
      if case .ended(let ending) = observation { status.end(ending) }
      status.setReason("Stopped")
    }
  }

  private func removeAll(_ run: RunRecord, _ execution: Execution) async throws {
    try await executor.remove(execution)
    _ = try await catalog.deleteRun(project: run.entity.project, id: run.id)
  }

  /// Nil where another was quicker: read the run again.
  private func transition(
    _ run: RunRecord,
    to state: RunState,
    message: String? = nil,
    _ change: (inout RunStatus) -> Void = { _ in }
  ) async throws -> RunRecord? {
    var status = RunStatus(run.entity.status)
    status.enter(state, at: Timestamp.now(), message: message)
    change(&status)
    let changed = try await catalog.transition(
      run: run.id,
      from: run.state,
      seq: run.seq,
      to: state,
      status: status.json
    )
    if changed != nil { changes.publish(.look, for: run.id) }
    return changed
  }

  private func note(_ project: String, _ id: String, _ message: String) async {
    guard let run = try? await catalog.run(project: project, id: id) else { return }
    var status = RunStatus(run.entity.status)
    status.note(message)
    _ = try? await catalog.updateStatus(run: id, state: run.state, seq: run.seq, status: status.json)
    changes.publish(.progress(Progress(message: message)), for: id)
  }

  // MARK: Stop and delete

  /// The run once it is stopped (or over some other way).
  func stop(_ run: RunRecord, graceSeconds: Int, decided: @Sendable () -> Void = {}) async throws {
    var run = run
    while run.state != .stop {
      guard run.state.canBecome(.stop) else {
        throw SidecarError(
          .invalidState,
          "The run is \(run.state.rawValue): there is nothing to stop.",
          cause: run.state.rawValue
        )
      }
      if let changed = try await transition(run, to: .stop, { $0.setStopGrace(graceSeconds) }) {
        run = changed
      } else if let now = try await catalog.run(project: run.entity.project, id: run.id) {
        run = now
      } else {
        return
      }
    }
    decided()
    // A launch of ours in a pull or the like is called off; whoever drives the run sees the state at its next step.
    if launching.contains(run.id) {
      let driver = drivers[run.id]
      driver?.cancel()
      await driver?.value
    }
    let now = try await catalog.run(project: run.entity.project, id: run.id) ?? run
    if now.state == .stop { try await carryOutStop(now, try await execution(of: now)) }
  }

  func delete(_ run: RunRecord, decided: @Sendable () -> Void = {}) async throws {
    var run = run
    while run.state != .deleting {
      guard run.state.canBecome(.deleting) else { return }
      if let changed = try await transition(run, to: .deleting) {
        run = changed
      } else if let now = try await catalog.run(project: run.entity.project, id: run.id) {
        run = now
      } else {
        return
      }
    }
    decided()
    drivers[run.id]?.cancel()
    await drivers[run.id]?.value
    try await removeAll(run, try await execution(of: run))
    changes.publish(.look, for: run.id)
  }

  // MARK: Execution

  func execution(of run: RunRecord) async throws -> Execution {
    let function = run.entity.spec["function_spec"]?.objectValue ?? [:]
    let own = run.entity.spec["run_spec"]?.objectValue ?? [:]
    let (spec, faults) = WorkloadSpec.make(function: function, run: own, action: run.action)
    guard let spec else { throw SidecarError(.invalidParams, "The run's record has faults.", faults: faults) }
    let values = try await catalog.secretValues(project: run.entity.project, names: spec.secrets)
    return Execution(
      project: run.entity.project,
      functionName: run.functionName,
      functionID: run.functionID,
      runID: run.id,
      spec: spec,
      secretValues: values
    )
  }
}
