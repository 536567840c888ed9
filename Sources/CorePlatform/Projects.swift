internal import JSON
package import Model
package import Platform

extension CorePlatform {
  package func getOrCreateProject(_ draft: ProjectDraft) async throws -> Entity {
    let answer = try await client.send(.api("GET", ["projects", draft.name]), "project \(draft.name)")
    if answer.isSuccess, let project = CoreEntity(answer.json) { return project.entity(.project) }
    // A name that Core's path rule refuses (400) is no project's either; the rule for names says more.
    try Self.requireProjectName(draft.name)
    guard answer.status == 404 else { throw CoreRefusal.error(answer, "project \(draft.name)") }
    var metadata: JSONObject = [:]
    metadata["description"] = draft.description.map { .string($0) }
    if !draft.labels.isEmpty { metadata["labels"] = .array(draft.labels.map { .string($0) }) }
    let project = CoreEntity(
      type: .project,
      kind: "project",
      id: draft.name,
      name: draft.name,
      project: draft.name,
      metadata: metadata,
      spec: [:]
    )
    let made = try await client.send(.api("POST", ["projects"], body: .object(project.json)), "project \(draft.name)")
    // Somebody else was faster, or an earlier attempt of ours was carried out.
    if made.isDuplicate { return try await getProject(draft.name) }
    guard made.isSuccess else { throw CoreRefusal.error(made, "project \(draft.name)") }
    guard let entity = CoreEntity(made.json) else { throw CoreRefusal.unexpected(made.json, "project \(draft.name)") }
    return entity.entity(.project)
  }

  package func getProject(_ name: String) async throws -> Entity {
    let json = try await client.json(
      .api("GET", ["projects", name]),
      "project \(name)",
      missing: Self.noProject(name)
    )
    guard let project = CoreEntity(json) else { throw CoreRefusal.unexpected(json, "project \(name)") }
    return project.entity(.project)
  }

  package func listProjects(_ query: EntityQuery) async throws -> EntityPage {
    try await list(.api("GET", ["projects"]).asking("name", query.name), query, as: .project)
  }

  package func deleteProject(_ name: String, cascade: Bool) async throws -> Entity {
    let project = try await getProject(name)
    _ = try await deleted(
      .api("DELETE", ["projects", name]).asking("cascade", cascade ? "true" : nil),
      "project \(name)",
      missing: Self.noProject(name)
    )
    memory.forgetProject(name)
    return project
  }

  /// Core's rule (contract, section 2); the reference's own `my_project` breaks it.
  static func requireProjectName(_ name: String) throws {
    guard !NameRules.isCoreProjectName(name) else { return }
    let suggestion = NameRules.coreProjectName(resembling: name)
    let fault = Fault(
      pointer: "/name",
      rule: "project_name",
      message: "Core wants a project's name to be 2 to 38 of a-z, 0-9 and -; it is `\(name)`.",
      hint: suggestion.map { "For example `\($0)`." }
    )
    throw SidecarError(.invalidParams, fault.message, hint: fault.hint, faults: [fault])
  }

  // MARK: Shared by all entities

  /// DELETE. To a second attempt "not found" means that the first was carried out.
  func deleted(_ request: CoreRequest, _ what: String, missing: SidecarError) async throws -> JSONValue {
    let answer = try await client.send(request, "the deletion of \(what)")
    if answer.status == 404, answer.attempts > 1 { return .null }
    guard answer.isSuccess else { throw CoreRefusal.error(answer, "the deletion of \(what)", missing: missing) }
    return answer.json
  }

  /// One page of a listing, newest first.
  func list(
    _ request: CoreRequest,
    _ query: EntityQuery,
    as type: EntityType,
    show: (CoreEntity) -> Entity? = { _ in nil }
  ) async throws -> EntityPage {
    let cursor = try ListCursor(query.cursor)
    let page = try await client.page(
      request,
      number: cursor.page,
      size: cursor.size ?? query.limit,
      "a list of \(type.rawValue)s",
      missing: type == .project ? nil : Self.noProject(query.project)
    )
    var next = ListCursor(page: cursor.page + 1, size: cursor.size ?? query.limit)
    next.last = page.content.last?.id
    return EntityPage(
      items: cursor.unseen(page.content).map { show($0) ?? $0.entity(type) },
      total: page.total,
      nextCursor: page.isLast ? nil : next.text
    )
  }
}
