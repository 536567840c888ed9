internal import Catalog
internal import JSON
package import Model
package import Platform

extension EmbeddedPlatform {
  package func run(_ draft: RunDraft) async throws -> Entity {
    let function = try await getFunction(draft.function)
    let (spec, warnings) = try workload(draft, function)
    guard executor.actions.contains(draft.action) else {
      throw SidecarError(
        .unsupportedAction,
        "The \(kind.rawValue) platform does not run the action `\(draft.action.rawValue)` yet.",
        hint: "It runs: \(executor.actions.map(\.rawValue).sorted().joined(separator: ", "))."
      )
    }
    let set = try await catalog.secretValues(project: draft.project, names: spec.secrets)
    let missing = spec.secrets.enumerated().filter { set[$1] == nil }
    guard missing.isEmpty else {
      let faults = missing.map {
        Fault(pointer: "/secrets/\($0)", rule: "secret_not_found", message: "The secret `\($1)` is not set.")
      }
      throw SidecarError(
        .secretNotFound,
        "Secrets are not set: \(missing.map(\.element).joined(separator: ", ")).",
        hint: "Set them with setSecret.",
        faults: faults
      )
    }
    _ = try await executor.describe()
    let record = try await record(draft, function, warnings: warnings)
    try await supervisor.adopt(record)
    return record.entity.shown
  }

  package func render(_ draft: RunDraft) async throws -> RenderedRun {
    let function = try await getFunction(draft.function)
    let (spec, warnings) = try workload(draft, function)
    let id = draft.id ?? EntityID.generate()
    var rendering = try executor.render(
      Execution(
        project: draft.project,
        functionName: function.name,
        functionID: function.id,
        runID: id,
        spec: spec
      )
    )
    rendering.warnings = Array(Set(warnings + rendering.warnings)).sorted { $0.pointer < $1.pointer }
    return RenderedRun(id: id, rendering: rendering)
  }

  package func getRun(_ reference: RunReference) async throws -> Entity { try await current(reference).entity.shown }

  package func listRuns(_ query: RunQuery) async throws -> EntityPage {
    guard let sort = ListQuery.SortField(rawValue: query.sort.rawValue) else {
      let fault = Fault(pointer: "/sort", rule: "enum", message: "Runs are sorted by created, updated or name.")
      throw SidecarError(.invalidParams, fault.message, faults: [fault])
    }
    for run in try await catalog.unfinishedRuns() { try await supervisor.adopt(run) }
    let page = try await catalog.runs(
      project: query.project,
      ListQuery(
        name: query.name,
        kind: query.kind,
        user: query.user,
        createdAfter: query.createdAfter,
        createdBefore: query.createdBefore,
        sort: sort,
        descending: !query.ascending,
        limit: query.limit,
        cursor: query.cursor,
        function: query.function?.text,
        action: query.action,
        states: query.states
      )
    )
    return EntityPage(items: page.items.map(\.entity.shown), total: page.total, nextCursor: page.nextCursor)
  }

  package func waitRun(
    _ reference: RunReference,
    until goal: WaitGoal,
    timeoutSeconds: Double?,
    progress: @escaping @Sendable (Progress) async -> Void
  ) async throws -> WaitResult {
    let subscription = supervisor.changes.subscribe(to: reference.id, deadlineSeconds: timeoutSeconds)
    var run = try await current(reference)
    // A run that another sidecar drives changes without a word: the catalog is looked at.
    let isForeign = await !supervisor.isDriving(run.id)
    if isForeign {
      await supervisor.foreignChanges.begin()
      // For what happened between the first look and the watch.
      supervisor.changes.publish(.look, for: run.id)
    }
    defer {
      if isForeign { Task { [foreign = supervisor.foreignChanges] in await foreign.end() } }
    }
    func isReached() -> Bool { run.state.isTerminal || (goal == .running && run.state == .running) }
    if isReached() { return WaitResult(run: run.entity.shown, timedOut: false) }
    for await change in subscription.changes {
      switch change {
      case .progress(let step): await progress(step)
      case .deadline: return WaitResult(run: try await current(reference).entity.shown, timedOut: true)
      case .look:
        run = try await current(reference)
        if isReached() { return WaitResult(run: run.entity.shown, timedOut: false) }
      }
    }
    throw CancellationError()
  }

  package func stopRun(
    _ reference: RunReference,
    graceSeconds: Int,
    decided: @Sendable () -> Void
  ) async throws -> Entity {
    try await supervisor.stop(try await current(reference), graceSeconds: graceSeconds, decided: decided)
    return try await getRun(reference)
  }

  package func deleteRun(_ reference: RunReference, decided: @Sendable () -> Void) async throws -> Entity {
    let run = try await recorded(reference)
    try await supervisor.delete(run, decided: decided)
    var entity = run.entity.shown
    entity.status["state"] = .string(RunState.deleted.rawValue)
    return entity
  }

  package func getRunLogs(
    _ reference: RunReference,
    query: LogQuery,
    timeoutSeconds: Double
  ) async throws -> LogPage {
    let execution = try await supervisor.execution(of: try await current(reference))
    guard query.follow else { return try await executor.logs(execution, query: query) }
    var quick = query
    quick.follow = false
    let page = try await executor.logs(execution, query: quick)
    guard page.entries.isEmpty else { return page }
    return try await withThrowingTaskGroup(of: LogPage?.self) { [executor] group in
      group.addTask { try await executor.logs(execution, query: query) }
      group.addTask {
        try await Task.sleep(for: .seconds(timeoutSeconds))
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next().flatMap { $0 } ?? page
    }
  }

  // MARK: Shared

  private func recorded(_ reference: RunReference) async throws -> RunRecord {
    if let run = try await catalog.run(project: reference.project, id: reference.id) { return run }
    throw SidecarError(
      .runNotFound,
      "There is no run `\(reference.id)` in project `\(reference.project)`.",
      hint: "See listRuns."
    )
  }

  /// The run as it is now. One whose sidecar is gone is taken up first, and looked at before the answer.
  private func current(_ reference: RunReference) async throws -> RunRecord {
    let run = try await recorded(reference)
    guard !run.state.isTerminal, await !supervisor.isDriving(run.id), try await supervisor.adopt(run) else {
      return run
    }
    let execution = try await supervisor.execution(of: run)
    guard case .ended? = try? await executor.observe(execution) else { return try await recorded(reference) }
    // It ended meanwhile: the driver is about to say so.
    let subscription = supervisor.changes.subscribe(to: run.id, deadlineSeconds: 2)
    var now = try await recorded(reference)
    var changes = subscription.changes.makeAsyncIterator()
    while !now.state.isTerminal {
      guard let change = await changes.next(), case .look = change else { break }
      now = try await recorded(reference)
    }
    return now
  }

  private func workload(_ draft: RunDraft, _ function: Entity) throws -> (WorkloadSpec, [Warning]) {
    let (spec, faults) = WorkloadSpec.make(function: function.spec, run: draft.spec, action: draft.action)
    guard let spec, faults.isEmpty else {
      throw SidecarError(.invalidParams, faults.first?.message ?? "Invalid params", faults: faults)
    }
    let own = PlatformFindings.of(draft.spec, parameters: RunParameters.spec, platform: kind)
    let inherited = PlatformFindings.of(function.spec, parameters: FunctionParameters.spec, platform: kind)
    let refused = own.faults + inherited.faults
    guard refused.isEmpty else {
      throw SidecarError(.unsupportedParameter, refused[0].message, hint: refused[0].hint, faults: refused)
    }
    let execution = Execution(
      project: draft.project,
      functionName: function.name,
      functionID: function.id,
      runID: draft.id ?? EntityID.generate(),
      spec: spec
    )
    let rendering = try executor.render(execution)
    return (spec, draft.warnings + own.warnings + inherited.warnings + rendering.warnings)
  }

  private func record(_ draft: RunDraft, _ function: Entity, warnings: [Warning]) async throws -> RunRecord {
    let bare = entity(
      .task,
      kind: draft.action.taskKind,
      id: EntityID.generate(),
      name: function.name,
      project: function.project
    )
    var task = bare
    task.spec = ["function": .string(function.entityKey.reference)]
    task = try await catalog.findOrInsertTask(task, functionID: function.id, action: draft.action).task
    let id =
      draft.id
      ?? draft.idempotencyKey.map { EntityID.forIdempotencyKey($0, project: draft.project) }
      ?? EntityID.generate()
    var run = entity(.run, kind: draft.action.runKind, id: id, name: draft.name ?? id, project: draft.project)
    run.metadata.description = draft.description
    run.metadata.labels = draft.labels
    run.spec = [
      "function": .string(function.entityKey.reference), "task": .string(task.entityKey.reference),
      "action": .string(draft.action.rawValue),
      // What the function said when the run was made: a later change of the function does not change it.
      "function_spec": .object(function.spec), "run_spec": .object(draft.spec),
    ]
    run.status = RunStatus(recordedAt: Timestamp.now(), warnings: warnings).json
    let fingerprint: JSONObject = ["function": .string(function.id), "spec": .object(run.spec)]
    return try await catalog.insertRun(
      NewRun(
        entity: run,
        state: .ready,
        action: draft.action,
        functionID: function.id,
        functionName: function.name,
        idempotencyKey: draft.idempotencyKey,
        fingerprint: draft.idempotencyKey.map { _ in
          JSONValue.object(fingerprint).text(.canonical)
        }
      )
    ).run
  }
}

extension Entity {
  /// As a caller sees it: the function's parameters and the run's own in one spec, the run's winning.
  var shown: Entity {
    var entity = self
    let function = entity.spec["function_spec"]?.objectValue ?? [:]
    let own = entity.spec["run_spec"]?.objectValue ?? [:]
    entity.spec["function_spec"] = nil
    entity.spec["run_spec"] = nil
    for (name, value) in function { entity.spec[name] = value }
    for (name, value) in own { entity.spec[name] = value }
    entity.status["stop_grace_seconds"] = nil
    return entity
  }
}
