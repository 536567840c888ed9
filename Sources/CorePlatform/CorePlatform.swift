internal import HTTP
package import JSON
package import Model
internal import Platform

/// A DigitalHub Core server as a platform: functions and runs are kept there and run there. One client of its REST API
/// for all its release lines (see Dialects).
package final class CorePlatform: Platform {
  let client: CoreClient
  let memory = CoreMemory()
  let poller: RunPoller
  let uploads: SourceUploads

  init(client: CoreClient, uploads: SourceUploads) {
    self.client = client
    self.uploads = uploads
    poller = RunPoller(client: client)
  }

  package var kind: PlatformKind { .core }

  package func close() async { await poller.close() }

  package func capabilities() async -> JSONObject {
    var capabilities: JSONObject = [
      "platform": "core", "actions": .array(Action.allCases.map(\.rawValue).sorted().map { .string($0) }),
    ]
    var server: JSONObject = ["endpoint": .string(client.endpoint)]
    do {
      let configuration = try await client.configuration()
      let facts = client.facts
      let (dialect, warning) = facts.dialect
      server["name"] = configuration["dhcore_name"]
      server["version"] = facts.version.map { .string($0) }
      server["api_level"] = facts.level.map { .integer($0) }
      server["api_level_source"] = .string((facts.levelSource ?? .assumed).rawValue)
      server["dialect"] = .string(dialect.release)
      capabilities["server"] = .object(server)
      capabilities["profiles"] = .array(Profiles.names(configuration).map { .string($0) })
      capabilities["resume"] = .bool(dialect.resumes)
      if let warning { capabilities["warnings"] = [.object(warning.json)] }
    } catch let error as SidecarError {
      capabilities["server"] = .object(server)
      capabilities["server_error"] = ["message": .string(error.message), "data": .object(error.data)]
    } catch {
      capabilities["server"] = .object(server)
    }
    return capabilities
  }

  // MARK: Shared by the extensions

  /// POSTs an entity whose id was made here. Answered with "Duplicated entity" to a second attempt, the first one was
  /// carried out: the entity is read instead. To a first attempt it means that the id is taken: `adopt` reads it then
  /// too, otherwise it is `already_exists`.
  func create(_ entity: CoreEntity, at path: String, adopt: Bool = false) async throws -> (
    entity: CoreEntity, isNew: Bool
  ) {
    let what = "\(entity.kind) \(entity.name)"
    let answer = try await client.send(.context("POST", entity.project, path, body: .object(entity.json)), what)
    if answer.isDuplicate {
      guard answer.attempts > 1 || adopt else {
        throw Self.taken(entity.id, cause: answer.message)
      }
      return (try await client.read(entity.project, path, entity.id, what), answer.attempts > 1 && !adopt)
    }
    guard answer.isSuccess else {
      throw CoreRefusal.error(answer, what, missing: Self.noProject(entity.project))
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
