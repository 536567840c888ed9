import JSON
import Model
import Platform
import Testing

@testable import EmbeddedPlatform

/// A run from its record to its end, as one sidecar drives it.
@Suite struct RunLifeTests {
  @Test func aJobGoesThroughItsStates() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      #expect(run.state == "READY" && run.states == ["CREATED", "BUILT", "READY"])
      #expect(run.kind == "container+job:run" && run.key == "store://default/run/container+job:run/\(run.id)")
      _ = try await platform.running(run)
      place.engine.end(run.id)
      let done = try await platform.ended(run)
      #expect(done.states == ["CREATED", "BUILT", "READY", "PENDING", "RUNNING", "COMPLETED"])
      #expect(done.status["exit_code"] == 0 && done.status["reason"] == "Completed")
      #expect(done.status["started_at"] == "1970-01-01T00:00:01Z")
      #expect(done.status["finished_at"] == "1970-01-01T00:00:02Z")
      #expect(place.engine.starts(run.id) == 1)
    }
  }

  @Test func aJobThatEndsBetweenTwoLooksWasRunningAllTheSame() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.ends(3))
      let done = try await platform.ended(try await platform.run(.job()))
      #expect(done.states.suffix(3) == ["PENDING", "RUNNING", "ERROR"])
      #expect(done.status["exit_code"] == 3 && done.status["message"] == "The program ended with exit code 3.")
    }
  }

  @Test func aJobThatNeverBeganSaysWhy() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.refused("The image i can't be pulled."))
      let done = try await platform.ended(try await platform.run(.job()))
      #expect(done.states.suffix(2) == ["PENDING", "ERROR"])
      #expect(done.status["reason"] == "ImagePull" && done.status["message"] == "The image i can't be pulled.")
      #expect(!done.status.contains("exit_code") && !done.status.contains("started_at"))
    }
  }

  @Test func aContainerThatSomebodyRemovedIsSaidToBeGone() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      place.engine.put(nil, for: run.id)
      let done = try await platform.ended(run)
      #expect(done.state == "ERROR" && done.status["reason"] == "Vanished")
    }
  }

  @Test func anEngineThatGoesAwayIsWaitedFor() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.fails(MemoryEngine.gone))
      let run = try await platform.run(.job())
      #expect(
        try await eventually {
          try await platform.getRun(run.reference).status["message"] == .string(MemoryEngine.gone.message)
        }
      )
      _ = try await platform.running(run)
      place.engine.setDown(true)
      try await Task.sleep(for: .milliseconds(20))
      #expect(try await platform.getRun(run.reference).state == "RUNNING")
      place.engine.end(run.id, exitCode: 4)
      place.engine.setDown(false)
      let done = try await platform.ended(run)
      #expect(done.state == "ERROR" && done.status["exit_code"] == 4)
      #expect(place.engine.starts(run.id) == 1)
    }
  }

  @Test func anErrorForGoodEndsTheRunUnderItsName() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(
        .fails(SidecarError(.engineError, "The engine refused.", hint: "The remedy.", cause: "Its words."))
      )
      let done = try await platform.ended(try await platform.run(.job()))
      #expect(done.state == "ERROR" && done.status["reason"] == "engine_error")
      #expect(done.status["message"] == "The engine refused. Its words. The remedy.")
    }
  }

  @Test func theRecordIsThereBeforeTheContainer() async throws {
    let seen = Seen()
    let engine = MemoryEngine { execution in await seen.look(for: execution.runID) }
    try await Workplace.use(engine) { place in
      let platform = try await place.sidecarWithFunction()
      let other = place.sidecar()
      await seen.look { id in
        try? await other.getRun(RunReference(project: "default", id: id)).state
      }
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      #expect(await seen.states == ["PENDING"])
    }
  }

  private actor Seen {
    var states: [String?] = []
    private var state: (@Sendable (String) async -> String?)?

    func look(_ state: @escaping @Sendable (String) async -> String?) { self.state = state }
    func look(for id: String) async { states.append(await state?(id)) }
  }

  @Test func nothingIsRecordedWithoutAnEngine() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.setDown(true)
      let error = await refusal { _ = try await platform.run(.job()) }
      #expect(error?.code == .engineUnavailable && error?.code.retryable == true)
      #expect(try await platform.listRuns(RunQuery(project: "default")).total == 0)
    }
  }

  @Test(arguments: [Action.serve, .build])
  func anActionThatIsNotRunIsRefusedAndStillRendered(action: Action) async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      var draft = RunDraft.job()
      draft.action = action
      let refused = draft
      let error = await refusal { _ = try await platform.run(refused) }
      #expect(error?.code == .unsupportedAction && error?.hint?.contains("job") == true)
      #expect(try await platform.listRuns(RunQuery(project: "default")).total == 0)
      let rendered = try await platform.render(refused)
      #expect(rendered.rendering.objects.count == 1 && rendered.id.count == 32)
    }
  }

  // MARK: Stop and delete

  @Test func aRunningJobIsStopped() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      let stopped = try await platform.stop(run)
      #expect(stopped.states.suffix(3) == ["RUNNING", "STOP", "STOPPED"])
      #expect(stopped.status["reason"] == "Stopped" && stopped.status["exit_code"] == 143)
      #expect(!stopped.status.contains("stop_grace_seconds"))
      // Without a grace in the call the settings' counts.
      #expect(place.engine.calls.contains("stop 7"))
    }
  }

  @Test func aLaunchIsCalledOffByAStop() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.held)
      let run = try await platform.run(.job())
      #expect(try await eventually { place.engine.count(of: "ensure") == 1 })
      let stopped = try await platform.stop(run, grace: 3)
      #expect(stopped.states.suffix(3) == ["PENDING", "STOP", "STOPPED"])
      place.engine.release()
      try await Task.sleep(for: .milliseconds(20))
      #expect(place.engine.starts(run.id) == 0)
    }
  }

  @Test func aStopThatFollowsTheRunAtOnceCounts() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      for _ in 0..<20 {
        let run = try await platform.run(.job())
        #expect(try await platform.stop(run, grace: 0).state == "STOPPED")
        #expect(place.engine.container(run.id) != .running)
      }
    }
  }

  @Test func whatIsOverCannotBeStopped() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.ends(0))
      let run = try await platform.ended(try await platform.run(.job()))
      let error = await refusal { _ = try await platform.stop(run) }
      #expect(error?.code == .invalidState && error?.cause == "COMPLETED")
      #expect(error?.hint?.isEmpty == false)
    }
  }

  @Test(arguments: ["running", "held", "over"])
  func deletingLeavesNothing(when: String) async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      if when == "held" { place.engine.launch(.held) }
      if when == "over" { place.engine.launch(.ends(0)) }
      let run = try await platform.run(.job())
      switch when {
      case "running": _ = try await platform.running(run)
      case "held": #expect(try await eventually { place.engine.count(of: "ensure") == 1 })
      default: _ = try await platform.ended(run)
      }
      #expect(try await platform.delete(run).state == "DELETED")
      place.engine.release()
      try await Task.sleep(for: .milliseconds(20))
      #expect(place.engine.container(run.id) == nil)
      #expect(await refusal { _ = try await platform.getRun(run.reference) }?.code == .runNotFound)
      #expect(try await platform.listRuns(RunQuery(project: "default")).total == 0)
    }
  }

  @Test func whoWaitsForARunThatIsDeletedIsTold() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      async let waited = platform.ended(run)
      try await Task.sleep(for: .milliseconds(50))
      _ = try await platform.delete(run)
      #expect(try await waited.state == "DELETED")
    }
  }

  @Test func aStopThatTheEngineCanNotCarryOutYetSaysSoAndIsTriedAgain() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      place.engine.setDown(true)
      async let stopped = platform.stop(run, grace: 0)
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await platform.getRun(run.reference).state == "STOP")
      place.engine.setDown(false)
      #expect(try await stopped.state == "STOPPED")
    }
  }

  @Test func aDeletionThatTheEngineCanNotCarryOutYetIsTriedAgain() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      place.engine.setDown(true)
      async let deleted = platform.delete(run)
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await platform.getRun(run.reference).state == "DELETING")
      place.engine.setDown(false)
      #expect(try await deleted.state == "DELETED")
      #expect(place.engine.container(run.id) == nil)
    }
  }
}

extension Entity {
  fileprivate var key: String { entityKey.text }
}
