internal import JSON
package import Model
package import Platform

extension CorePlatform {
  package func setSecret(project: String, name: String, value: String) async throws -> Entity {
    var secret = try await secret(project, name)
    if secret == nil {
      let new = CoreEntity(
        type: .secret,
        kind: "secret",
        id: EntityID.generate(),
        name: name,
        project: project,
        spec: ["path": .string("secret://\(name)"), "provider": "kubernetes"]
      )
      secret = try await create(new, at: "secrets").entity
    }
    do {
      // The only request that carries the value.
      _ = try await client.json(
        .context("PUT", project, "secrets", "data", body: [name: .string(value)]),
        "the value of secret \(name)",
        missing: Self.noProject(project)
      )
    } catch var error as SidecarError {
      // Whatever the server says of it, the value stays unsaid.
      error.message = value.isEmpty ? error.message : error.message.replacing(value, with: "***")
      error.cause = value.isEmpty ? error.cause : error.cause?.replacing(value, with: "***")
      throw error
    }
    guard let secret else { throw Self.noSecret(project, name) }
    return Self.shownSecret(secret)
  }

  package func listSecrets(_ query: EntityQuery) async throws -> EntityPage {
    let request = CoreRequest.context("GET", query.project, "secrets").asking("name", query.name)
    return try await list(request, query, as: .secret, show: Self.shownSecret)
  }

  package func deleteSecret(project: String, name: String) async throws -> Entity {
    guard let secret = try await secret(project, name) else { throw Self.noSecret(project, name) }
    _ = try await deleted(
      .context("DELETE", project, "secrets", secret.id),
      "secret \(name)",
      missing: Self.noSecret(project, name)
    )
    return Self.shownSecret(secret)
  }

  /// All of a project, for the check before a run.
  func allSecrets(project: String) async throws -> [CoreEntity] {
    try await client.all(.context("GET", project, "secrets"), "the secrets", missing: Self.noProject(project))
  }

  private func secret(_ project: String, _ name: String) async throws -> CoreEntity? {
    let request = CoreRequest.context("GET", project, "secrets").asking("name", name)
    let page = try await client.page(request, number: 0, size: 25, "secret \(name)", missing: Self.noProject(project))
    return page.content.first { $0.name == name }
  }

  private static func noSecret(_ project: String, _ name: String) -> SidecarError {
    SidecarError(
      .secretNotFound,
      "There is no secret `\(name)` in project `\(project)`.",
      hint: "See listSecrets."
    )
  }

  /// Whatever a server may send of the value stays here.
  private static func shownSecret(_ secret: CoreEntity) -> Entity {
    var spec = secret.spec
    spec["value"] = nil
    spec["data"] = nil
    return secret.entity(.secret, spec: spec)
  }
}
