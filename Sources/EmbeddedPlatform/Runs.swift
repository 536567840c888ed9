internal import Catalog
internal import JSON
package import Model
package import Platform

extension EmbeddedPlatform {
  package func run(_ draft: RunDraft) async throws -> Entity {
    let function = try await getFunction(draft.function)
    let profile = try RunProfile(draft.spec, among: profiles)
    let (spec, warnings) = try workload(draft, function, profile)
    if let known = try await known(draft, function) { return known.entity.shown }
    try await requireStartable(draft, function, spec)
    let record = try await insert(try await newRun(draft, function, profile, warnings: warnings), draft)
    try await supervisor.adopt(record)
    await housekeeper.begin(withEngine: true)
    return record.entity.shown
  }

  package func check(_ draft: RunDraft, of made: FunctionDraft?) async throws {
    let function: Entity
    if let made {
      try await requireProject(made.project)
      function = entity(of: made)
    } else {
      function = try await getFunction(draft.function)
    }
    let (spec, _) = try workload(draft, function, try RunProfile(draft.spec, among: profiles))
    if let id = draft.runID, try await catalog.run(project: draft.project, id: id) != nil { return }
    try await requireStartable(draft, function, spec)
  }

  /// Throws what stands in the way of a run, whose parameters are right, at this moment.
  private func requireStartable(_ draft: RunDraft, _ function: Entity, _ spec: WorkloadSpec) async throws {
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
    try await executor.ping()
    try await executor.check(
      Execution(
        project: draft.project,
        functionName: function.name,
        functionID: function.id,
        runID: draft.runID ?? "",
        spec: spec
      )
    )
  }

  package func render(_ draft: RunDraft) async throws -> RenderedRun {
    let function = try await getFunction(draft.function)
    let profile = try RunProfile(draft.spec, among: profiles)
    let (spec, warnings) = try workload(draft, function, profile)
    let id = draft.runID ?? EntityID.generate()
    var execution = Execution(
      project: draft.project,
      functionName: function.name,
      functionID: function.id,
      runID: id,
      spec: spec
    )
    execution.catalog = try await catalog.identity()
    var rendering = try executor.render(execution)
    rendering.warnings = Array(Set(warnings + rendering.warnings.map(profile.shown))).sorted { $0.pointer < $1.pointer }
    return RenderedRun(id: id, rendering: rendering, resolved: profile.resolved)
  }

  package func getRun(_ reference: RunReference) async throws -> Entity { try await current(reference).entity.shown }

  package func listRuns(_ query: RunQuery) async throws -> EntityPage {
    try await requireProject(query.project)
    if let function = query.function { _ = try await getFunction(function) }
    await housekeeper.begin()
    try await catchUp()
    let page = try await catalog.runs(project: query.project, try ListQuery(query))
    return EntityPage(items: page.items.map(\.entity.shown), total: page.total, nextCursor: page.nextCursor)
  }

  package func deleteRun(_ reference: RunReference, decided: @Sendable () -> Void) async throws -> Entity {
    let run = try await recorded(reference)
    try await delete(run, decided: decided)
    var entity = run.entity.shown
    entity.status["state"] = .string(RunState.deleted.rawValue)
    return entity
  }

  /// The run and all that was made for it are gone afterwards.
  func delete(_ run: RunRecord, decided: @Sendable () -> Void = {}) async throws {
    guard let deleting = try await supervisor.transitions.request(.deleting, of: run) else { return }
    decided()
    let reference = RunReference(project: run.entity.project, id: run.id)
    let rest = try await settle(reference, within: Self.carryOutSeconds, after: { try await $0.carryOut(deleting) }) {
      $0 == nil
    }
    if let rest { throw Self.notCarriedOut("deletion", rest) }
  }

  /// With `cascade`, deletes these runs first, and those that somebody makes meanwhile.
  func withoutRuns<Result: Sendable>(
    _ queries: [ListQuery],
    in project: String,
    cascade: Bool,
    _ body: () async throws -> Result
  ) async throws -> Result {
    var attempts = 0
    while true {
      if cascade { for query in queries { try await deleteAll(query, in: project) } }
      do { return try await body() } catch let error as SidecarError where error.code == .hasDependents && cascade {
        attempts += 1
        guard attempts < 20 else { throw error }
      }
    }
  }

  /// Some at once: each waits for the engine.
  private func deleteAll(_ query: ListQuery, in project: String) async throws {
    var query = query
    query.limit = 8
    while true {
      let runs = try await catalog.runs(project: project, query).items
      if runs.isEmpty { return }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for run in runs { group.addTask { try await self.delete(run) } }
        try await group.waitForAll()
      }
    }
  }

  package func stopRun(
    _ reference: RunReference,
    graceSeconds: Int?,
    decided: @Sendable () -> Void
  ) async throws -> Entity {
    let grace = graceSeconds ?? stopGraceSeconds
    let run = try await current(reference)
    guard var stopping = try await supervisor.transitions.request(.stop, of: run, { $0.setStopGrace(grace) }) else {
      throw Self.notFound(reference)
    }
    if RunStatus(stopping.entity.status).stopGraceSeconds != grace {
      // It is being stopped already, with another grace: the latest word counts.
      stopping = try await supervisor.transitions.note(stopping) { $0.setStopGrace(grace) } ?? stopping
    }
    decided()
    let wish = stopping
    let seconds = Double(grace) + Self.carryOutSeconds
    let stopped = try await settle(reference, within: seconds, after: { try await $0.carryOut(wish) }) {
      $0?.state.isTerminal ?? true
    }
    guard let stopped else { throw Self.notFound(reference) }
    guard stopped.state.isTerminal else { throw Self.notCarriedOut("stop", stopped) }
    return stopped.entity.shown
  }

  private func workload(
    _ draft: RunDraft,
    _ function: Entity,
    _ profile: RunProfile
  ) throws -> (WorkloadSpec, [Warning]) {
    let (spec, faults) = WorkloadSpec.make(function: function.spec, run: profile.spec, action: draft.action)
    guard let spec, faults.isEmpty else {
      throw SidecarError(.invalidParams, faults.first?.message ?? "Invalid params", faults: faults)
    }
    let own = PlatformFindings.of(profile.spec, parameters: RunParameters.spec, platform: kind)
    let inherited = PlatformFindings.of(function.spec, parameters: FunctionParameters.spec, platform: kind)
    let refused = (own.faults + inherited.faults).map(profile.shown)
    guard refused.isEmpty else {
      throw SidecarError(.unsupportedParameter, refused[0].message, hint: refused[0].hint, faults: refused)
    }
    let execution = Execution(
      project: draft.project,
      functionName: function.name,
      functionID: function.id,
      runID: draft.runID ?? EntityID.generate(),
      spec: spec
    )
    let rendering: Rendering
    do { rendering = try executor.render(execution) } catch let error as SidecarError { throw profile.shown(error) }
    let warnings = own.warnings + inherited.warnings + rendering.warnings
    return (spec, draft.warnings + warnings.map(profile.shown))
  }

  /// A run that was made with the same idempotency key before: it asks for nothing anew.
  private func known(_ draft: RunDraft, _ function: Entity) async throws -> RunRecord? {
    guard let key = draft.idempotencyKey, let id = draft.runID,
      let run = try await catalog.run(project: draft.project, id: id), run.idempotencyKey == key
    else { return nil }
    let profile = try RunProfile(draft.spec, among: profiles)
    let again = try await insert(try await newRun(draft, function, profile, warnings: []), draft)
    try await supervisor.adopt(again)
    return again
  }

  private func insert(_ run: NewRun, _ draft: RunDraft) async throws -> RunRecord {
    let record = try await catalog.insertRun(run).run
    if let id = draft.id, record.id != id {
      throw SidecarError(
        .idempotencyConflict,
        "The idempotency_key was used before, for run \(record.id), and uuid says \(id).",
        hint: "Leave uuid out, or give another key."
      )
    }
    return record
  }

  private func newRun(
    _ draft: RunDraft,
    _ function: Entity,
    _ profile: RunProfile,
    warnings: [Warning]
  ) async throws -> NewRun {
    var task = entity(
      .task,
      kind: draft.action.taskKind,
      id: EntityID.generate(),
      name: function.name,
      project: function.project
    )
    task.spec = ["function": .string(function.entityKey.reference)]
    task = try await catalog.findOrInsertTask(task, functionID: function.id, action: draft.action).task
    let id = draft.runID ?? EntityID.generate()
    var run = entity(.run, kind: draft.action.runKind, id: id, name: draft.name ?? id, project: draft.project)
    run.metadata.description = draft.description
    run.metadata.labels = draft.labels
    run.spec = [
      "function": .string(function.entityKey.reference), "task": .string(task.entityKey.reference),
      "action": .string(draft.action.rawValue),
      // What the function said when the run was made: a later change of the function does not change it.
      "function_spec": .object(try executor.settled(function.spec)), "run_spec": .object(profile.spec),
    ]
    run.spec["ttl_seconds"] = profile.spec["ttl_seconds"] ?? ttlSeconds.map { .integer($0) }
    run.status = RunStatus(recordedAt: Timestamp.now(), warnings: warnings).json
    return NewRun(
      entity: run,
      state: .ready,
      action: draft.action,
      functionID: function.id,
      functionName: function.name,
      idempotencyKey: draft.idempotencyKey,
      fingerprint: draft.idempotencyKey.map { _ in draft.fingerprint(function) }
    )
  }
}

extension RunDraft {
  /// The id that was asked for, by itself or by an idempotency key; nil where any will do.
  var runID: String? { id ?? idempotencyKey.map { EntityID.forIdempotencyKey($0, project: project) } }

  /// What makes two calls the same. A function that was created anew with the same content is the same, and so is one
  /// whose image a build has put in place.
  func fingerprint(_ function: Entity) -> String {
    var content = function.spec
    for name in ["image", "base_image"] { content[name] = nil }
    let parts: JSONObject = [
      "function": .string(function.name), "function_spec": .object(content), "action": .string(action.rawValue),
      "run_spec": .object(spec), "name": name.map { .string($0) } ?? .null,
      "description": description.map { .string($0) } ?? .null, "labels": .array(labels.map { .string($0) }),
    ]
    return JSONValue.object(parts).text(.canonical)
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
