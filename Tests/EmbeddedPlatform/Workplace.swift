import Catalog
import EmbeddedPlatform
import Foundation
import JSON
import Model
import Platform
import Synchronization
import Testing

/// A machine: one catalog file, one engine, and as many sidecars as a test starts. All of it goes with the test.
final class Workplace: Sendable {
  let engine: MemoryEngine
  let path: String
  private let directory: String
  private let sidecars = Mutex<[(EmbeddedPlatform, Catalog)]>([])

  private init(_ engine: MemoryEngine) throws {
    self.engine = engine
    directory = FileManager.default.temporaryDirectory.path + "/embedded-" + UUID().uuidString
    path = directory + "/catalog.db"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  static func use(_ engine: MemoryEngine = MemoryEngine(), _ body: (Workplace) async throws -> Void) async throws {
    let place = try Workplace(engine)
    do {
      try await body(place)
    } catch {
      await place.end()
      throw error
    }
    await place.end()
  }

  /// One more sidecar on this machine.
  func sidecar(ttlSeconds: Int? = nil) -> EmbeddedPlatform {
    let catalog = Catalog(path: path)
    let platform = EmbeddedPlatform(
      catalog: catalog,
      executor: MemoryExecutor(engine: engine),
      stopGraceSeconds: 7,
      ttlSeconds: ttlSeconds
    )
    sidecars.withLock { $0.append((platform, catalog)) }
    return platform
  }

  /// One more, with the function `f` in the project `default`.
  func sidecarWithFunction() async throws -> EmbeddedPlatform {
    let platform = sidecar()
    _ = try await platform.createFunction(FunctionDraft(project: "default", name: "f", spec: ["image": "i"]))
    return platform
  }

  func leave(_ platform: EmbeddedPlatform) async {
    let gone = sidecars.withLock { sidecars in
      let gone = sidecars.filter { $0.0 === platform }
      sidecars.removeAll { $0.0 === platform }
      return gone
    }
    for (platform, catalog) in gone {
      await platform.close()
      await catalog.close()
    }
  }

  /// The file of a sidecar that was killed: nobody holds its lock.
  func leaveDeadOwner() throws {
    try FileManager.default.createDirectory(atPath: path + "-owners", withIntermediateDirectories: true)
    let isMade = FileManager.default.createFile(atPath: path + "-owners/" + EntityID.generate(), contents: nil)
    #expect(isMade)
  }

  private func end() async {
    for (platform, _) in sidecars.withLock({ $0 }) { await leave(platform) }
    try? FileManager.default.removeItem(atPath: directory)
  }
}

extension RunDraft {
  static func job(_ function: String = "f", _ change: (inout RunDraft) -> Void = { _ in }) -> RunDraft {
    let reference = FunctionReference(project: "default", target: .latest(name: function))
    var draft = RunDraft(project: "default", function: reference, action: .job, spec: [:])
    change(&draft)
    return draft
  }
}

extension FunctionReference {
  static func named(_ name: String, project: String = "default") -> FunctionReference {
    FunctionReference(project: project, target: .latest(name: name))
  }
}

extension Entity {
  var state: String { status["state"]?.stringValue ?? "" }
  var reference: RunReference { RunReference(project: project, id: id) }
  /// Oldest first.
  var states: [String] {
    (status["transitions"]?.arrayValue ?? []).reversed().compactMap { $0["status"]?.stringValue }
  }
}

extension EmbeddedPlatform {
  /// The run at its end.
  func ended(_ run: Entity, seconds: Double = 10) async throws -> Entity {
    let result = try await waitRun(run.reference, until: .terminal, timeoutSeconds: seconds) { _ in }
    #expect(!result.timedOut, "still \(result.run.state)")
    return result.run
  }

  func running(_ run: Entity) async throws -> Entity {
    let result = try await waitRun(run.reference, until: .running, timeoutSeconds: 10) { _ in }
    #expect(result.run.state == "RUNNING")
    return result.run
  }

  func stop(_ run: Entity, grace: Int? = nil) async throws -> Entity {
    try await stopRun(run.reference, graceSeconds: grace) {}
  }

  func delete(_ run: Entity) async throws -> Entity { try await deleteRun(run.reference) {} }
}

/// The error that is thrown; nil where none is.
func refusal(_ body: () async throws -> Void) async -> SidecarError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? SidecarError
  }
}

/// Whether it becomes true within some seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  for _ in 0..<2000 {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(5))
  }
  return false
}
