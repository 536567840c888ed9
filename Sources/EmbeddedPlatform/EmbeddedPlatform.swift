package import Catalog
package import JSON
package import Model
package import Platform
package import Settings

/// The platform that needs no server: the catalog keeps what there is, an executor runs it. The only writer of embedded
/// run states.
package final class EmbeddedPlatform: Platform {
  let catalog: Catalog
  let executor: any Executor
  let supervisor: RunSupervisor
  let housekeeper: Housekeeper
  /// From SIGTERM to SIGKILL, where a stop names no other.
  let stopGraceSeconds: Int
  /// By name.
  let profiles: [String: Settings.Profile]
  /// How long runs that say nothing else are kept after their end; nil: for ever.
  let ttlSeconds: Int?

  /// Touches neither the catalog nor the engine before the first call that needs it.
  package init(
    catalog: Catalog,
    executor: any Executor,
    stopGraceSeconds: Int = RunStatus.standardStopGraceSeconds,
    profiles: [String: Settings.Profile] = [:],
    ttlSeconds: Int? = nil
  ) {
    self.profiles = profiles
    self.ttlSeconds = ttlSeconds
    self.stopGraceSeconds = stopGraceSeconds
    self.catalog = catalog
    self.executor = executor
    let housekeeper = Housekeeper(catalog: catalog, executor: executor)
    self.housekeeper = housekeeper
    supervisor = RunSupervisor(catalog: catalog, executor: executor) { await housekeeper.look() }
    housekeeper.work(with: supervisor)
  }

  package var kind: PlatformKind { executor.kind }

  /// Lets launches that have begun get as far as the engine, at most that long: what is recorded beyond is taken up by
  /// the next sidecar.
  package func drain(seconds: Double) async {
    let deadline = ContinuousClock.now + .seconds(seconds)
    await supervisor.drain(until: deadline)
    await housekeeper.drain(until: deadline)
  }

  /// Lets go of all runs, which go on; before the executor is shut down.
  package func close() async {
    await housekeeper.stop()
    await supervisor.close()
    await housekeeper.close()
  }

  package func capabilities() async -> JSONObject {
    var capabilities: JSONObject = [
      "platform": .string(kind.rawValue),
      "actions": .array(executor.actions.map(\.rawValue).sorted().map { .string($0) }),
    ]
    do {
      capabilities["engine"] = .object(try await executor.describe())
    } catch let error as SidecarError {
      capabilities["engine"] = .null
      capabilities["engine_error"] = .object(["message": .string(error.message), "data": .object(error.data)])
    } catch {
      capabilities["engine"] = .null
    }
    return capabilities
  }

  func entity(_ type: EntityType, kind: String, id: String, name: String, project: String) -> Entity {
    let now = Timestamp.now()
    return Entity(
      type: type,
      kind: kind,
      id: id,
      name: name,
      project: project,
      metadata: Metadata(created: now, updated: now)
    )
  }

  /// `default` is made by itself; any other project has to be there.
  func requireProject(_ name: String) async throws {
    if name == "default" {
      _ = try await catalog.getOrInsertProject(
        entity(.project, kind: "project", id: name, name: name, project: name)
      )
    } else {
      _ = try await getProject(name)
    }
  }

  /// What to say of an entity that is not there: where its project isn't there either, that is what is missing.
  func missing(_ error: SidecarError, in project: String) async throws -> SidecarError {
    // Whoever never made anything in `default` can't know that it makes itself.
    guard project != "default", try await catalog.project(project) == nil else { return error }
    return Self.noProject(project)
  }

  static func noProject(_ name: String) -> SidecarError {
    SidecarError(
      .projectNotFound,
      "There is no project `\(name)`.",
      hint: "Make it with getOrCreateProject, or see listProjects."
    )
  }
}
