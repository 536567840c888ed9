internal import JSON
internal import Model
internal import Platform

/// All that `run` is about to do and `renderRun` shows: everything has been checked, nothing is created.
struct PreparedRun: Sendable {
  var function: CoreEntity
  /// What `run` makes of the function before: see `CorePlatform.version(of:for:)`.
  var newVersion: CoreEntity?
  var task: (id: String, new: CoreEntity?)
  var run: CoreEntity
  var warnings: [Warning]

  /// In the order in which they are sent.
  var requests: [CoreRequest] {
    var requests: [CoreRequest] = []
    if let newVersion {
      requests.append(.context("POST", newVersion.project, "functions", body: .object(newVersion.json)))
    }
    if let new = task.new {
      requests.append(.context("POST", new.project, "tasks", body: .object(new.json)))
    }
    requests.append(.context("POST", run.project, "runs", body: .object(run.json)))
    return requests
  }
}

extension CorePlatform {
  func prepare(_ draft: RunDraft) async throws -> PreparedRun {
    try await prepare(draft, of: try await function(draft.function))
  }

  /// `isNew`: the function is not made yet.
  func prepare(
    _ draft: RunDraft,
    of function: CoreEntity,
    isNew: Bool = false
  ) async throws -> PreparedRun {
    let (dialect, guess) = try await client.dialect()
    let reference = FunctionSpec.reference(function.spec, labels: function.labels)
    let (made, faults) = WorkloadSpec.make(function: reference, run: draft.spec, action: draft.action)
    guard let spec = made else {
      throw SidecarError(.invalidParams, faults.first?.message ?? "Invalid params", faults: faults)
    }
    let own = PlatformFindings.of(draft.spec, parameters: RunParameters.spec, platform: .core)
    let translation = dialect.translate(RunPlan(spec: spec, given: draft.spec, function: reference))
    let refused = own.faults + translation.faults
    if let first = refused.first {
      throw SidecarError(.unsupportedParameter, first.message, hint: first.hint, faults: refused)
    }
    let unchecked = try await checkProfile(spec.profile)
    try await checkSecrets(spec.secrets, project: function.project)

    var warnings = draft.warnings + own.warnings + translation.warnings + [guess, unchecked].compactMap(\.self)
    let id = draft.runID(in: function.project) ?? EntityID.generate()
    let newVersion = draft.action == .build ? Self.version(of: function, for: draft.spec["image"], run: id) : nil
    if let newVersion {
      warnings.append(
        Warning(
          pointer: "/image",
          code: "new_version",
          message:
            "Core names what it builds by the function's image, which no later call can change: so the build is made "
            + "of a new version of `\(function.name)`, with \(newVersion.spec["image"]?.text() ?? "") in place of "
            + "\(function.spec["image"]?.text() ?? "none"). From now on the name means this version, whose image is there "
            + "when the build is done; the one before is \(Self.shown(function).json["key"]?.stringValue ?? function.id)."
        )
      )
    }
    let target = newVersion ?? function
    let known = newVersion == nil && !isNew ? try await knownTask(of: function, draft.action) : nil
    let new = known == nil ? Self.newTask(of: target, draft.action) : nil
    let taskID = known ?? new?.id ?? ""
    let run = Self.newRun(
      id,
      draft,
      target,
      dialect,
      taskID: taskID,
      spec: translation.spec
    )
    return PreparedRun(
      function: target,
      newVersion: newVersion,
      task: (taskID, new),
      run: run,
      warnings: warnings
    )
  }

  /// A build's image is its function's (contract, section 4), and Core keeps the spec of a version as it is for ever
  /// (in its public source: "spec is not modifiable"), but for the end of a build. So a build that asks for another
  /// image gets a version of its own; one that asks for the function's image, or whose function has none, needs none.
  private static func version(of function: CoreEntity, for image: JSONValue?, run id: String) -> CoreEntity? {
    let own = function.spec["image"]?.stringValue ?? ""
    guard let image, !own.isEmpty, image.stringValue != own else { return nil }
    var metadata = function.json["metadata"]?.objectValue ?? [:]
    for name in ["version", "created", "updated", "created_by", "updated_by", "project", "name"] {
      metadata[name] = nil
    }
    var spec = function.spec
    spec["image"] = image
    return CoreEntity(
      type: .function,
      kind: function.kind,
      // It follows from the run's, so that a repeated call makes it once.
      id: versionID(ofRun: id, project: function.project),
      name: function.name,
      project: function.project,
      metadata: metadata,
      spec: spec
    )
  }

  static func versionID(ofRun id: String, project: String) -> String {
    EntityID.forIdempotencyKey("function of run \(id)", project: project)
  }

  private static func newRun(
    _ id: String,
    _ draft: RunDraft,
    _ function: CoreEntity,
    _ dialect: any Dialect,
    taskID: String,
    spec: JSONObject
  ) -> CoreEntity {
    var whole: JSONObject = [
      "task": .string(reference(task: taskID, draft.action, project: function.project)),
      "function": .string(reference(function)),
    ]
    for (name, value) in spec { whole[name] = value }
    let key = EntityKey(
      project: function.project,
      type: .function,
      kind: function.kind,
      name: function.name,
      id: function.id
    )
    var metadata: JSONObject = ["relationships": [["type": "run_of", "dest": .string(key.text)]]]
    metadata["description"] = draft.description.map { .string($0) }
    if !draft.labels.isEmpty { metadata["labels"] = .array(draft.labels.map { .string($0) }) }
    return CoreEntity(
      type: .run,
      kind: dialect.runKind(of: draft.action),
      id: id,
      name: draft.name ?? id,
      project: function.project,
      metadata: metadata,
      spec: whole
    )
  }

  // MARK: What Core itself would not check

  /// Core starts a run without the secrets that it does not find.
  private func checkSecrets(_ names: [String], project: String) async throws {
    guard !names.isEmpty else { return }
    let set = Set(try await allSecrets(project: project).map(\.name))
    let missing = names.enumerated().filter { !set.contains($1) }
    guard !missing.isEmpty else { return }
    throw SidecarError(
      .secretNotFound,
      "Secrets are not set: \(missing.map(\.element).joined(separator: ", ")).",
      hint: "Set them with setSecret.",
      faults: missing.map {
        Fault(pointer: "/secrets/\($0)", rule: "secret_not_found", message: "The secret `\($1)` is not set.")
      }
    )
  }
}

extension RunDraft {
  /// The id that was asked for, by itself or by an idempotency key; nil where any will do.
  fileprivate func runID(in project: String) -> String? {
    id ?? idempotencyKey.map { EntityID.forIdempotencyKey($0, project: project) }
  }
}
