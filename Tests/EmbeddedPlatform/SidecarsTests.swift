import JSON
import Model
import Platform
import Testing

@testable import EmbeddedPlatform

/// Several sidecars on one catalog: a run has one driver, and everybody sees the same.
@Suite struct SidecarsTests {
  @Test func ofManyThatLookOneDrives() async throws {
    try await Workplace.use { place in
      let first = try await place.sidecarWithFunction()
      let others = (0..<3).map { _ in place.sidecar() }
      let run = try await first.run(.job())
      for platform in others { _ = try await platform.getRun(run.reference) }
      _ = try await first.running(run)
      try await withThrowingTaskGroup(of: Entity.self) { group in
        for platform in [first] + others { group.addTask { try await platform.ended(run) } }
        try await Task.sleep(for: .milliseconds(50))
        place.engine.end(run.id, exitCode: 5)
        for try await seen in group { #expect(seen.status["exit_code"] == 5) }
      }
      #expect(place.engine.starts(run.id) == 1 && place.engine.count(of: "ensure") == 1)
    }
  }

  @Test func ofManyThatTakeUpAnOrphanOneDrives() async throws {
    try await Workplace.use { place in
      let run = try await place.leaveBehind(.pending, .nothing)
      let sidecars = (0..<4).map { _ in place.sidecar() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for platform in sidecars { group.addTask { _ = try await platform.getRun(run) } }
        try await group.waitForAll()
      }
      let running = try await sidecars[0].waitRun(run, until: .running, timeoutSeconds: 10) { _ in }
      #expect(running.run.state == "RUNNING")
      #expect(place.engine.starts(run.id) == 1 && place.engine.count(of: "ensure") == 1)
    }
  }

  @Test func aStopReachesTheDriverInAnotherSidecar() async throws {
    try await Workplace.use { place in
      let driver = try await place.sidecarWithFunction()
      let run = try await driver.run(.job())
      _ = try await driver.running(run)
      let begun = ContinuousClock.now
      let stopped = try await place.sidecar().stop(run, grace: 2)
      #expect(stopped.state == "STOPPED" && stopped.status["exit_code"] == 143)
      #expect(ContinuousClock.now - begun < .seconds(2))
      #expect(place.engine.calls.contains("stop 2"))
    }
  }

  @Test func aStopCallsOffALaunchInAnotherSidecar() async throws {
    try await Workplace.use { place in
      let driver = try await place.sidecarWithFunction()
      place.engine.launch(.held)
      let run = try await driver.run(.job())
      #expect(try await eventually { place.engine.count(of: "ensure") == 1 })
      #expect(try await place.sidecar().stop(run, grace: 0).state == "STOPPED")
      #expect(place.engine.starts(run.id) == 0)
    }
  }

  @Test func aDeleteReachesTheDriverInAnotherSidecar() async throws {
    try await Workplace.use { place in
      let driver = try await place.sidecarWithFunction()
      let run = try await driver.run(.job())
      _ = try await driver.running(run)
      _ = try await place.sidecar().delete(run)
      #expect(place.engine.container(run.id) == nil)
      #expect(await refusal { _ = try await driver.getRun(run.reference) }?.code == .runNotFound)
    }
  }

  @Test func oneKeyIsOneRunInAllSidecars() async throws {
    try await Workplace.use { place in
      let first = try await place.sidecarWithFunction()
      let sidecars = [first] + (0..<3).map { _ in place.sidecar() }
      let draft = RunDraft.job { $0.idempotencyKey = "nightly" }
      let ids = try await withThrowingTaskGroup(of: String.self) { group in
        for platform in sidecars { group.addTask { try await platform.run(draft).id } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(ids == [EntityID.forIdempotencyKey("nightly", project: "default")])
      #expect(try await first.listRuns(RunQuery(project: "default")).total == 1)
      let run = try await first.getRun(RunReference(project: "default", id: ids.first ?? ""))
      _ = try await first.running(run)
      #expect(place.engine.starts(run.id) == 1)
    }
  }

  @Test func aKeyWithOtherParametersIsAConflict() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job { $0.idempotencyKey = "k" })
      let changes: [(inout RunDraft) -> Void] = [
        { $0.spec = ["args": ["other"]] }, { $0.labels = ["l"] }, { $0.description = "d" }, { $0.name = "n" },
      ]
      for change in changes {
        let other = RunDraft.job {
          $0.idempotencyKey = "k"
          change(&$0)
        }
        #expect(await refusal { _ = try await platform.run(other) }?.code == .idempotencyConflict)
      }
      let named = RunDraft.job {
        $0.idempotencyKey = "k"
        $0.id = EntityID.generate()
      }
      #expect(await refusal { _ = try await platform.run(named) }?.code == .idempotencyConflict)
      // A new version with the same content is the same, also where a build has put another image in place; one with
      // another command is not.
      _ = try await platform.createFunction(FunctionDraft(project: "default", name: "f", spec: ["image": "i"]))
      #expect(try await platform.run(.job { $0.idempotencyKey = "k" }).id == run.id)
      _ = try await platform.createFunction(FunctionDraft(project: "default", name: "f", spec: ["image": "j"]))
      #expect(try await platform.run(.job { $0.idempotencyKey = "k" }).id == run.id)
      _ = try await platform.createFunction(
        FunctionDraft(project: "default", name: "f", spec: ["image": "j", "command": "c"])
      )
      let newer = RunDraft.job { $0.idempotencyKey = "k" }
      #expect(await refusal { _ = try await platform.run(newer) }?.code == .idempotencyConflict)
    }
  }

  /// Asking again needs no engine: the run is there already.
  @Test func aKnownKeyIsAnsweredWithoutAnEngine() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job { $0.idempotencyKey = "k" })
      place.engine.setDown(true)
      #expect(try await platform.run(.job { $0.idempotencyKey = "k" }).id == run.id)
    }
  }
}
