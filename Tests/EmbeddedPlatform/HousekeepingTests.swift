import Catalog
import JSON
import Model
import Platform
import Synchronization
import Testing

@testable import EmbeddedPlatform

/// What goes by itself: finished runs after their time, and what killed sidecars have left.
@Suite struct HousekeepingTests {
  private static func job(_ seconds: Int?) -> RunDraft {
    .job { if let seconds { $0.spec["ttl_seconds"] = .integer(seconds) } }
  }

  private static func isGone(_ run: Entity, _ platform: EmbeddedPlatform) async throws -> Bool {
    await refusal { _ = try await platform.getRun(run.reference) }?.code == .runNotFound
  }

  @Test func aRunIsDeletedWhenItsTimeIsOver() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let (kept, going) = (try await platform.run(Self.job(nil)), try await platform.run(Self.job(1)))
      for run in [kept, going] {
        _ = try await platform.running(run)
        place.engine.end(run.id)
      }
      let ended = try await platform.ended(going)
      #expect(ended.state == "COMPLETED" && ended.spec["ttl_seconds"] == 1)
      let expiry = try #require(ended.status["expires_at"]?.stringValue.flatMap { Timestamp(parsing: $0) })
      #expect((500_000_000...1_000_000_000).contains(expiry.nanoseconds - Timestamp.now().nanoseconds))
      #expect(try await platform.ended(kept).status["expires_at"] == nil)
      #expect(try await eventually { try await Self.isGone(going, platform) })
      #expect(Timestamp.now() >= expiry)
      #expect(place.engine.container(going.id) == nil && place.engine.container(kept.id) != nil)
      #expect(try await platform.getRun(kept.reference).state == "COMPLETED")
    }
  }

  @Test func theSettingsSayHowLong() async throws {
    try await Workplace.use { place in
      _ = try await place.sidecarWithFunction()
      let platform = place.sidecar(ttlSeconds: 1)
      let (usual, own) = (try await platform.run(Self.job(nil)), try await platform.run(Self.job(3600)))
      for run in [usual, own] {
        _ = try await platform.running(run)
        place.engine.end(run.id, exitCode: 3)
        #expect(try await platform.ended(run).state == "ERROR")
      }
      #expect(try await eventually { try await Self.isGone(usual, platform) })
      #expect(try await platform.getRun(own.reference).spec["ttl_seconds"] == 3600)
    }
  }

  @Test func theNextSidecarDeletesWhatExpiredMeanwhile() async throws {
    try await Workplace.use { place in
      let first = try await place.sidecarWithFunction()
      let run = try await first.run(Self.job(1))
      _ = try await first.running(run)
      place.engine.end(run.id)
      _ = try await first.ended(run)
      await place.leave(first)
      try await Task.sleep(for: .milliseconds(1100))
      #expect(place.engine.container(run.id) != nil)
      let second = place.sidecar()
      _ = try await second.listRuns(RunQuery(project: "default"))
      #expect(try await eventually { try await Self.isGone(run, second) })
      #expect(place.engine.container(run.id) == nil)
    }
  }

  @Test func ofSeveralSidecarsOneDeletes() async throws {
    try await Workplace.use { place in
      let first = try await place.sidecarWithFunction()
      let others = (0..<3).map { _ in place.sidecar() }
      let run = try await first.run(Self.job(1))
      _ = try await first.running(run)
      place.engine.end(run.id)
      for platform in [first] + others { _ = try await platform.ended(run) }
      #expect(try await eventually { try await Self.isGone(run, first) })
      try await Task.sleep(for: .milliseconds(100))
      #expect(place.engine.count(of: "remove") == 1)
    }
  }

  @Test func whatWasResumedStays() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(Self.job(1))
      _ = try await platform.running(run)
      #expect(try await platform.stop(run).status["expires_at"] != nil)
      _ = try await platform.resumeRun(run.reference)
      let running = try await platform.running(run)
      #expect(running.status["expires_at"] == nil)
      try await Task.sleep(for: .milliseconds(1300))
      #expect(try await platform.getRun(run.reference).state == "RUNNING")
    }
  }

  @Test func anEngineThatIsAwayDeletesLater() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(Self.job(1))
      _ = try await platform.running(run)
      place.engine.end(run.id)
      _ = try await platform.ended(run)
      place.engine.setDown(true)
      try await Task.sleep(for: .milliseconds(1300))
      #expect(try await platform.getRun(run.reference).state == "COMPLETED")
      place.engine.setDown(false)
      #expect(try await eventually { try await Self.isGone(run, platform) })
    }
  }

  @Test func whatAKilledSidecarLeftIsRemovedOnce() async throws {
    try await Workplace.use { place in
      let catalog = Catalog(path: place.path)
      let name = try await catalog.identity()
      let first = try await place.sidecarWithFunction()
      let known = try await first.run(Self.job(nil))
      _ = try await first.running(known)
      #expect(place.engine.count(of: "removeLeftovers") == 0)
      await place.leave(first)
      place.engine.state.withLock { $0.leftovers = [known.id: name, "unknown": name, "another's": "other"] }
      try place.leaveDeadOwner()
      for platform in [place.sidecar(), place.sidecar()] {
        let run = try await platform.run(Self.job(nil))
        _ = try await platform.running(run)
      }
      #expect(try await eventually { place.engine.state.withLock { $0.leftovers["unknown"] == nil } })
      #expect(place.engine.state.withLock { $0.leftovers } == [known.id: name, "another's": "other"])
      #expect(place.engine.count(of: "removeLeftovers") == 1)
      await catalog.close()
    }
  }

  @Test func aProjectGoesWithItsRunsAndTheirVolumes() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      for _ in 0..<20 { _ = try await platform.run(.job()) }
      let other = place.sidecar()
      let late = Task { try? await other.run(.job()) }
      _ = try await platform.deleteProject("default", cascade: true)
      _ = await late.value
      #expect(try await eventually { place.engine.calls.contains("removeProject default") })
      // The late one came before, or found no function.
      #expect(place.engine.state.withLock { $0.containers }.isEmpty)
    }
  }
}
