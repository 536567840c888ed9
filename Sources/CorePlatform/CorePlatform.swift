package import HTTP
package import JSON
package import Model
internal import Platform
package import Settings

/// A DigitalHub Core server as a platform: functions and runs are kept there and run there. One client of its REST API
/// for all its release lines (see Dialects).
package final class CorePlatform: Platform {
  let client: CoreClient
  let memory = CoreMemory()
  let poller: RunPoller
  let uploads: SourceUploads

  /// Contacts nobody before the first call that needs it. `workingDirectory` is where relative paths of sources begin;
  /// `warn` gets lines for the log, never with a secret in them. Throws `invalid_settings` where no endpoint is set.
  package init(
    _ settings: Settings.Core,
    environment: [String: String],
    workingDirectory: String,
    transport: HTTPTransport,
    warn: @escaping @Sendable (String) -> Void
  ) throws(SidecarError) {
    guard let endpoint = settings.endpoint else {
      throw SidecarError(
        .invalidSettings,
        "The platform is core, and the server's address is nowhere set.",
        hint: "Set DHCORE_ENDPOINT or core.endpoint, or log in with dhcli; --platform local runs on this machine."
      )
    }
    let authorization = CoreAuthorization(core: settings, transport: transport, warn: warn)
    client = CoreClient(
      endpoint: endpoint.value,
      transport: transport,
      authorization: authorization,
      level: settings.level?.value,
      timeout: .seconds(settings.timeoutSeconds.value)
    )
    uploads = SourceUploads(
      workingDirectory: workingDirectory,
      home: environment["HOME"],
      temporaryDirectory: environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp",
      filesStore: settings.filesStore,
      credentials: { () async throws(SidecarError) in try await authorization.storageCredentials() },
      transport: transport
    )
    poller = RunPoller(client: client)
  }

  package var kind: PlatformKind { .core }

  package func close() async { await poller.close() }

  package func capabilities() async -> JSONObject {
    var capabilities: JSONObject = [
      "platform": "core", "actions": .array(Action.allCases.map(\.rawValue).sorted().map { .string($0) }),
    ]
    do {
      capabilities["server"] = .object(try await describe())
      let (dialect, warning) = client.facts.dialect
      // Some servers tell them only to whom they know; null: not published.
      let profiles = try? await publishedProfiles()
      capabilities["profiles"] = profiles.map { .array($0.map { .string($0) }) } ?? .null
      capabilities["resume"] = .bool(dialect.resumes)
      if let warning { capabilities["warnings"] = [.object(warning.json)] }
    } catch let error as SidecarError {
      capabilities["server"] = ["endpoint": .string(client.endpoint)]
      capabilities["server_error"] = ["message": .string(error.message), "data": .object(error.data)]
    } catch {
      capabilities["server"] = ["endpoint": .string(client.endpoint)]
    }
    return capabilities
  }

  /// Which server answers, and what it is taken for. Needs no credentials.
  package func describe() async throws -> JSONObject {
    var server: JSONObject = ["endpoint": .string(client.endpoint)]
    let configuration = try await client.configuration()
    let facts = client.facts
    server["name"] = configuration["dhcore_name"]
    server["version"] = facts.version.map { .string($0) }
    server["api_level"] = facts.level.map { .integer($0) }
    server["api_level_source"] = .string((facts.levelSource ?? .assumed).rawValue)
    server["dialect"] = .string(facts.dialect.dialect.release)
    return server
  }

  /// Throws where the server does not accept the credentials.
  package func authenticate() async throws {
    _ = try await client.json(.authentication, "the login")
  }

  // MARK: Shared by the extensions

  /// POSTs an entity whose id was made here. Answered with "Duplicated entity" to a second attempt, the first one was
  /// carried out: the entity is read instead. To a first attempt it means that the id is taken: `adopt` reads it then
  /// too, otherwise it is `already_exists`.
  func create(
    _ entity: CoreEntity,
    at path: String,
    adopt: Bool = false,
    isIDGiven: Bool = false
  ) async throws -> (entity: CoreEntity, isNew: Bool) {
    let what = "\(entity.kind) \(entity.name)"
    let answer = try await client.send(.context("POST", entity.project, path, body: .object(entity.json)), what)
    if answer.isDuplicate {
      guard answer.attempts > 1 || adopt else {
        // Nobody has an id that was made up here: something in between speaks.
        guard isIDGiven else { throw CoreRefusal.error(answer, what) }
        throw Self.taken(entity.id, cause: answer.message)
      }
      let found = try await client.read(entity.project, path, entity.id, what)
      // Of a second attempt it is ours, unless somebody had the id before the first.
      guard adopt || found.isSame(as: entity) else { throw Self.taken(entity.id, cause: answer.message) }
      return (found, answer.attempts > 1 && !adopt)
    }
    guard answer.isSuccess else {
      let noProject = Self.noProject(entity.project)
      // Core's own words for it, under 400.
      if answer.message?.lowercased().contains("invalid or missing project") ?? false { throw noProject }
      throw CoreRefusal.error(answer, what, missing: noProject)
    }
    guard let made = CoreEntity(answer.json) else { throw CoreRefusal.unexpected(answer.json, what) }
    return (made, true)
  }

  static func taken(_ id: String, cause: String? = nil) -> SidecarError {
    SidecarError(
      .alreadyExists,
      "The uuid \(id) is taken by another entity.",
      hint: "Leave uuid out, or give another one.",
      cause: cause
    )
  }

  static func noProject(_ name: String) -> SidecarError {
    SidecarError(
      .projectNotFound,
      "There is no project `\(name)` on this Core.",
      hint: "Make it with getOrCreateProject, or see listProjects."
    )
  }
}
