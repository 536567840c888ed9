import JSON
import Model
import Platform
import Synchronization
import Testing

@testable import EmbeddedPlatform

@Suite struct ResumeTests {
  @Test func aStoppedJobIsANewAttemptOfTheSameRun() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      #expect(try await platform.stop(run).status["exit_code"] == 143)
      let resumed = try await platform.resumeRun(run.reference)
      #expect(resumed.state == "RESUME" && resumed.status["attempt"] == 2)
      #expect(!resumed.status.contains("exit_code") && !resumed.status.contains("reason"))
      _ = try await platform.running(run)
      #expect(place.engine.starts(run.id) == 2)
      place.engine.end(run.id)
      let done = try await platform.ended(run)
      #expect(done.states.suffix(6) == ["STOP", "STOPPED", "RESUME", "PENDING", "RUNNING", "COMPLETED"])
    }
  }

  /// Right after each stop the former driver is just about to leave.
  @Test func againAndAgain() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      for attempt in 2...20 {
        _ = try await platform.running(run)
        _ = try await platform.stop(run)
        #expect(try await platform.resumeRun(run.reference).status["attempt"] == .integer(attempt))
      }
      _ = try await platform.running(run)
      #expect(place.engine.starts(run.id) == 20)
    }
  }

  @Test(arguments: ["RUNNING", "COMPLETED"])
  func whatIsNotStoppedCanNotBeResumed(state: String) async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      if state == "COMPLETED" {
        place.engine.end(run.id)
        _ = try await platform.ended(run)
      }
      let error = await refusal { _ = try await platform.resumeRun(run.reference) }
      #expect(error?.code == .invalidState && error?.message.contains(state) == true && error?.hint != nil)
      #expect(try await platform.getRun(run.reference).state == state)
    }
  }

  @Test func whatIsInTheWayLeavesItStopped() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      _ = try await platform.stop(run)
      place.engine.state.withLock { $0.isPortTaken = true }
      #expect(await refusal { _ = try await platform.resumeRun(run.reference) }?.code == .portInUse)
      #expect(await refusal { _ = try await platform.run(.job()) }?.code == .portInUse)
      #expect(try await platform.getRun(run.reference).state == "STOPPED")
      #expect(try await platform.listRuns(RunQuery(project: "default")).total == 1)
    }
  }

  /// Killed between the record and the start: the next sidecar begins it, once.
  @Test func aRecordedResumeIsCarriedOutByTheNextSidecar() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      _ = try await platform.stop(run)
      place.engine.launch(.held)
      _ = try await platform.resumeRun(run.reference)
      await place.leave(platform)
      #expect(place.engine.starts(run.id) == 1)
      place.engine.release()
      let next = place.sidecar()
      _ = try await next.running(run)
      #expect(place.engine.starts(run.id) == 2)
    }
  }

  @Test func whatStaysUpSaysHowItsReplicasAre() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job { $0.action = .deploy })
      #expect(try await platform.running(run).status["restarts"] == 0)
      place.engine.state.withLock { $0.restarts = 3 }
      #expect(try await eventually { try await platform.getRun(run.reference).status["restarts"] == 3 })
      let stopped = try await platform.stop(run)
      #expect(stopped.state == "STOPPED" && stopped.status["replicas"]?.arrayValue?.count == 1)
      // It was stopped, not left alone: what stays up has no end to wait for.
      #expect(place.engine.calls.filter { $0.hasPrefix("stop") } == ["stop 7"])
    }
  }
}
