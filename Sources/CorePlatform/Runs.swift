internal import JSON
package import Model
package import Platform

extension CorePlatform {
  package func run(_ draft: RunDraft) async throws -> Entity {
    let prepared = try await prepare(draft)
    let made = try await withNewVersion(prepared, draft) { try await self.make(prepared, draft) }
    if draft.idempotencyKey != nil, !made.isNew { try Self.requireSame(made.entity, prepared.run) }
    let changed = made.isNew ? Self.changes(sent: prepared.run.spec, kept: made.entity.spec) : []
    var run = RunView(core: made.entity).entity
    let warnings = prepared.warnings + changed
    if !warnings.isEmpty { run.status["warnings"] = .array(warnings.map { .object($0.json) }) }
    return run
  }

  package func render(_ draft: RunDraft) async throws -> RenderedRun {
    let prepared = try await prepare(draft)
    let objects = prepared.requests.map { $0.rendered(endpoint: client.endpoint) }
    return RenderedRun(
      id: prepared.run.id,
      rendering: Rendering(member: "requests", objects: objects, warnings: prepared.warnings)
    )
  }

  package func getRun(_ reference: RunReference) async throws -> Entity { seen(try await view(reference)) }

  /// The run as it is shown. The end of a build has changed its function.
  func seen(_ view: RunView) -> Entity {
    if view.action == .build, view.state == .completed,
      let function = view.core.spec["function"]?.stringValue.flatMap(EntityKey.init(parsing:)), let id = function.id
    {
      memory.forget(function.project, id)
    }
    return view.entity
  }

  package func listRuns(_ query: RunQuery) async throws -> EntityPage {
    let function = try await query.function.asyncMap { try await self.function($0) }
    return try await RunListing(platform: self, query: query, function: function).page()
  }

  // MARK: Making a run

  /// The version that a build needs is made first, and removed where no run comes of it. A run that is there already
  /// (the same key or uuid) has had its build: then nothing is made.
  private func withNewVersion(
    _ prepared: PreparedRun,
    _ draft: RunDraft,
    _ make: () async throws -> (entity: CoreEntity, isNew: Bool)
  ) async throws -> (entity: CoreEntity, isNew: Bool) {
    // Its end writes the function's image.
    if draft.action == .build { memory.forget(prepared.function.project, prepared.function.id) }
    guard let version = prepared.newVersion else { return try await make() }
    if draft.id != nil || draft.idempotencyKey != nil {
      let reference = RunReference(project: prepared.run.project, id: prepared.run.id)
      do {
        let known = try await view(reference).core
        guard draft.idempotencyKey != nil else { throw Self.taken(known.id) }
        return (known, false)
      } catch let error as SidecarError where error.code == .runNotFound {
        // It is new.
      }
    }
    _ = try await create(version, at: "functions", adopt: true)
    do {
      return try await make()
    } catch {
      let request = CoreRequest.context("DELETE", version.project, "functions", version.id).asking("cascade", "true")
      // A task of its own: whoever cancels the call shall not leave the version behind.
      let cleaning = Task { [client] in try await client.send(request, "the deletion of function \(version.name)") }
      let cleaned = try? await cleaning.value
      guard var first = error as? SidecarError, cleaned?.isSuccess != true else { throw error }
      first.hint =
        "A version \(version.id) of \(version.name) was made for this build and is left: deleteFunction removes it."
      throw first
    }
  }

  private func make(_ prepared: PreparedRun, _ draft: RunDraft) async throws -> (entity: CoreEntity, isNew: Bool) {
    let adopts = draft.idempotencyKey != nil
    if let new = prepared.task.new { try await make(task: new, of: prepared.function, draft.action) }
    do {
      return try await create(prepared.run, at: "runs", adopt: adopts, isIDGiven: draft.id != nil)
    } catch let error as SidecarError where Self.saysTaskIsGone(error) && prepared.task.new == nil {
      // The task that was remembered or found has been deleted meanwhile.
      memory.forgetTask(of: prepared.function, draft.action)
      let new = Self.newTask(of: prepared.function, draft.action)
      try await make(task: new, of: prepared.function, draft.action)
      var run = prepared.run
      var spec = run.spec
      spec["task"] = .string(Self.reference(task: new.id, draft.action, project: new.project))
      run.json["spec"] = .object(spec)
      return try await create(run, at: "runs", adopt: adopts, isIDGiven: draft.id != nil)
    }
  }

  private func make(task: CoreEntity, of function: CoreEntity, _ action: Action) async throws {
    let made = try await create(task, at: "tasks", adopt: true).entity
    memory.rememberTask(made.id, of: function, action)
  }

  // MARK: Shared

  func view(_ reference: RunReference) async throws -> RunView {
    RunView(
      core: try await client.read(
        reference.project,
        "runs",
        reference.id,
        "run \(reference.id)",
        missing: Self.notFound(reference)
      )
    )
  }

  static func notFound(_ reference: RunReference) -> SidecarError {
    SidecarError(
      .runNotFound,
      "There is no run `\(reference.id)` in project `\(reference.project)`.",
      hint: "See listRuns."
    )
  }

  private static func saysTaskIsGone(_ error: SidecarError) -> Bool {
    error.code == .coreError && (error.cause?.lowercased().contains("invalid task") ?? false)
  }

  /// Whether a run that is there is what the same idempotency key now asks for: the same function by name, action and
  /// parameters. What a server drops or adds of itself is no difference; a function that has changed is none either.
  private static func requireSame(_ run: CoreEntity, _ sent: CoreEntity) throws {
    let own = Set(RunParameters.spec.map(\.name)).subtracting(FunctionParameters.spec.map(\.name))
    func name(_ entity: CoreEntity) -> String? {
      entity.spec["function"]?.stringValue.flatMap(EntityKey.init(parsing:))?.name
    }
    let differs = own.filter { parameter in
      guard let kept = run.spec[parameter], !kept.isNull else { return false }
      return sent.spec[parameter] != kept
    }
    let isSame = differs.isEmpty && name(run) == name(sent) && RunView(core: run).action == RunView(core: sent).action
    guard !isSame else { return }
    throw SidecarError(
      .idempotencyConflict,
      "The idempotency_key was used before, for run \(run.id), with other parameters"
        + (differs.isEmpty ? "." : ": \(differs.sorted().joined(separator: ", "))."),
      hint: "Give another key, or the same parameters."
    )
  }

  /// What the server keeps otherwise than it was asked to: nothing is swallowed in silence.
  private static func changes(sent: JSONObject, kept: JSONObject) -> [Warning] {
    sent.compactMap { name, value in
      guard name != "task", name != "function" else { return nil }
      let instead = kept[name] ?? .null
      guard instead != value else { return nil }
      return Warning(
        pointer: "/\(name)",
        code: "changed_by_server",
        message: instead.isNull
          ? "Core kept nothing of `\(name)`: it does not know it, or ignores it."
          : "Core keeps \(String(instead.text().prefix(200))) as `\(name)`, in place of "
            + "\(String(value.text().prefix(200)))."
      )
    }
  }
}

extension Optional where Wrapped: Sendable {
  fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
    guard let wrapped = self else { return nil }
    return try await transform(wrapped)
  }
}
