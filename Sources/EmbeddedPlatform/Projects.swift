internal import Catalog
internal import JSON
package import Model
package import Platform

extension EmbeddedPlatform {
  package func getOrCreateProject(_ draft: ProjectDraft) async throws -> Entity {
    var project = entity(.project, kind: "project", id: draft.name, name: draft.name, project: draft.name)
    project.metadata.description = draft.description
    project.metadata.labels = draft.labels
    project.status = ["state": "CREATED"]
    return try await catalog.getOrInsertProject(project).project
  }

  package func getProject(_ name: String) async throws -> Entity {
    if let project = try await catalog.project(name) { return project }
    throw Self.noProject(name)
  }

  package func listProjects(_ query: EntityQuery) async throws -> EntityPage {
    EntityPage(
      try await catalog.projects(ListQuery(name: query.name, limit: query.limit, cursor: query.cursor))
    )
  }

  package func deleteProject(_ name: String, cascade: Bool) async throws -> Entity {
    let project = try await getProject(name)
    // One without tasks has never had a run.
    let hasRun = try await catalog.tasks(project: name, ListQuery(limit: 1)).total > 0
    return try await withoutRuns([ListQuery()], in: name, cascade: cascade) {
      if cascade, hasRun { try await executor.removeProject(name, catalog: try await catalog.identity()) }
      _ = try await catalog.deleteProject(name, cascade: cascade)
      return project
    }
  }

  package func setSecret(project: String, name: String, value: String) async throws -> Entity {
    try await requireProject(project)
    var secret = entity(.secret, kind: "secret", id: EntityID.generate(), name: name, project: project)
    secret.spec = ["path": .string("secret://\(name)"), "provider": "sidecar"]
    secret.status = ["state": "READY"]
    return try await catalog.setSecret(secret, value: value)
  }

  package func listSecrets(_ query: EntityQuery) async throws -> EntityPage {
    try await requireProject(query.project)
    let list = ListQuery(name: query.name, limit: query.limit, cursor: query.cursor)
    return EntityPage(try await catalog.secrets(project: query.project, list))
  }

  package func deleteSecret(project: String, name: String) async throws -> Entity {
    let list = ListQuery(name: name, limit: 1)
    guard let secret = try await catalog.secrets(project: project, list).items.first,
      try await catalog.deleteSecret(project: project, name: name)
    else {
      let error = SidecarError(
        .secretNotFound,
        "There is no secret `\(name)` in project `\(project)`.",
        hint: "See listSecrets."
      )
      throw try await missing(error, in: project)
    }
    return secret
  }
}

extension EntityPage {
  init(_ page: Page<Entity>) {
    self.init(items: page.items, total: page.total, nextCursor: page.nextCursor)
  }
}
