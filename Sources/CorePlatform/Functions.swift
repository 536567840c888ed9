package import JSON
package import Model
package import Platform

extension CorePlatform {
  package func createFunction(_ draft: FunctionDraft) async throws -> Entity {
    try Self.requireSupported(draft)
    let codeSource = try await uploads.source(of: draft.spec, project: draft.project)
    let function = Self.entity(of: draft, codeSource: codeSource)
    let made = try await create(function, at: "functions", isIDGiven: draft.id != nil).entity
    memory.remember(made, isNew: true)
    return Self.shown(made)
  }

  static func requireSupported(_ draft: FunctionDraft) throws {
    let findings = PlatformFindings.of(draft.spec, parameters: FunctionParameters.spec, platform: .core)
    guard let first = findings.faults.first else { return }
    throw SidecarError(.unsupportedParameter, first.message, faults: findings.faults)
  }

  static func entity(of draft: FunctionDraft, codeSource: JSONObject? = nil) -> CoreEntity {
    var metadata: JSONObject = ["embedded": .bool(draft.embedded)]
    metadata["description"] = draft.description.map { .string($0) }
    let labels = labels(draft.labels, spec: draft.spec)
    if !labels.isEmpty { metadata["labels"] = .array(labels.map { .string($0) }) }
    return CoreEntity(
      type: .function,
      kind: draft.kind,
      id: draft.id ?? EntityID.generate(),
      name: draft.name,
      project: draft.project,
      metadata: metadata,
      spec: FunctionSpec.core(draft.spec, codeSource: codeSource)
    )
  }

  package func getFunction(_ reference: FunctionReference) async throws -> Entity {
    // Whoever asks for it wants to see what others, and builds, have made of it.
    Self.shown(try await function(reference, fresh: true))
  }

  package func listFunctions(_ query: EntityQuery, allVersions: Bool) async throws -> EntityPage {
    let request = CoreRequest.context("GET", query.project, "functions")
      .asking("kind", "container").asking("name", query.name).asking("versions", allVersions ? "all" : nil)
    return try await list(request, query, as: .function, show: Self.shown)
  }

  /// Core keeps the spec of a version as it is for ever (in its public source: "spec is not modifiable"): what can be
  /// changed is the metadata, and the pull policy, which is kept there.
  package func updateFunction(_ reference: FunctionReference, patch: JSONObject) async throws -> Entity {
    // Not from memory: what is sent back is the whole entity.
    var function = try await function(reference, fresh: true)
    let before = FunctionSpec.reference(function.spec, labels: function.labels)
    var spec = before
    for (name, value) in patch["spec"]?.objectValue ?? [:] {
      if value.isNull { spec[name] = nil } else { spec[name] = value }
    }
    try Self.requireUnchanged(before, spec)
    var metadata = function.json["metadata"]?.objectValue ?? [:]
    if let description = patch["description"] { metadata["description"] = description.isNull ? nil : description }
    if let embedded = patch["embedded"] { metadata["embedded"] = embedded.isNull ? false : embedded }
    var labels = function.labels.filter { !CoreLabel.isOurs($0) }
    if let given = patch["labels"] { labels = given.arrayValue?.compactMap(\.stringValue) ?? [] }
    labels = Self.labels(labels, spec: spec)
    metadata["labels"] = labels.isEmpty ? nil : .array(labels.map { .string($0) })
    metadata["updated"] = .string(Timestamp.now().text)
    function.json["metadata"] = .object(metadata)
    memory.forget(function.project, function.id)
    let json = try await client.json(
      .context("PUT", function.project, "functions", function.id, body: .object(function.json)),
      "the change of function \(function.name)"
    )
    return Self.shown(CoreEntity(json) ?? function)
  }

  private static func requireUnchanged(_ before: JSONObject, _ after: JSONObject) throws {
    let names = Set(before.keys + after.keys).subtracting(["image_pull_policy"]).sorted()
    let faults = names.filter { before[$0] != after[$0] }.map { name in
      Fault(
        pointer: "/spec/\(name)",
        rule: "unsupported",
        message: "Core keeps `\(name)` of a version as it was made, and would ignore the change.",
        hint: "Make a new version: createFunction with the same name."
      )
    }
    guard let first = faults.first else { return }
    throw SidecarError(.unsupportedParameter, first.message, hint: first.hint, faults: faults)
  }

  package func deleteFunction(
    _ reference: FunctionReference,
    allVersions: Bool,
    cascade: Bool
  ) async throws -> [Entity] {
    let versions: [CoreEntity]
    switch reference.target {
    case .latest(let name): versions = try await self.versions(reference, name: name)
    case .version, .idOrName:
      let one = try await function(reference)
      versions = allVersions ? try await self.versions(reference, name: one.name) : [one]
    }
    if versions.count > 1, !allVersions, let first = versions.first {
      throw SidecarError(
        .ambiguousName,
        "There are \(versions.count) versions of `\(first.name)`.",
        hint: "Say all_versions: true, or name one by its id."
      )
    }
    // Core ignores cascade where it deletes by name, so each version is deleted by its id.
    for version in versions {
      memory.forget(version.project, version.id)
      do {
        _ = try await deleted(
          .context("DELETE", version.project, "functions", version.id).asking("cascade", cascade ? "true" : nil),
          "function \(version.name)",
          missing: Self.notFound(reference)
        )
      } catch let error as SidecarError where error.code == .functionNotFound {
        // Somebody else has deleted it since it was listed.
      }
    }
    return versions.map(Self.shown)
  }

  // MARK: Shared

  /// The version that a reference means. Remembered ones (see `CoreMemory`) cost no request unless `fresh`.
  func function(_ reference: FunctionReference, fresh: Bool = false) async throws -> CoreEntity {
    switch reference.target {
    case .latest(let name): return try await latest(reference, name)
    case .version(let id):
      if !fresh, let known = memory.function(reference.project, id) { return known.entity }
      return try await version(reference, id)
    case .idOrName(let id, let name):
      if !fresh, let known = memory.function(reference.project, id) { return known.entity }
      do {
        return try await version(reference, id)
      } catch let error as SidecarError where error.code == .functionNotFound {
        return try await latest(reference, name)
      }
    }
  }

  private func version(_ reference: FunctionReference, _ id: String) async throws -> CoreEntity {
    let missing = Self.notFound(reference)
    let found = try await client.read(reference.project, "functions", id, "function \(id)", missing: missing)
    memory.remember(found, isNew: false)
    return found
  }

  private func latest(_ reference: FunctionReference, _ name: String) async throws -> CoreEntity {
    let request = CoreRequest.context("GET", reference.project, "functions").asking("name", name)
    let page = try await client.page(
      request,
      number: 0,
      size: 25,
      "function \(name)",
      missing: Self.noProject(reference.project)
    )
    guard let found = page.content.first(where: { $0.name == name && $0.kind == "container" }) else {
      throw Self.notFound(reference)
    }
    memory.remember(found, isNew: false)
    return found
  }

  private func versions(_ reference: FunctionReference, name: String) async throws -> [CoreEntity] {
    let request = CoreRequest.context("GET", reference.project, "functions").asking("name", name)
      .asking("versions", "all")
    let all = try await client.all(request, "the versions of \(name)", missing: Self.noProject(reference.project))
    let found = all.filter { $0.name == name && $0.kind == "container" }
    guard !found.isEmpty else { throw Self.notFound(reference) }
    return found
  }

  static func shown(_ function: CoreEntity) -> Entity {
    function.entity(.function, spec: FunctionSpec.reference(function.spec, labels: function.labels))
  }

  static func notFound(_ reference: FunctionReference) -> SidecarError {
    let text =
      switch reference.target {
      case .latest(let name), .idOrName(_, let name): name
      case .version(let id): id
      }
    return SidecarError(
      .functionNotFound,
      "There is no function `\(text)` in project `\(reference.project)`.",
      hint: "Make it with createFunction, or see listFunctions."
    )
  }

  /// The caller's, and what Core's spec has no place for.
  private static func labels(_ given: [String], spec: JSONObject) -> [String] {
    given + [spec["image_pull_policy"]?.stringValue.map(CoreLabel.imagePullPolicy)].compactMap(\.self)
  }
}
