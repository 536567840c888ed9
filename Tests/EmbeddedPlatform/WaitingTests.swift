import Model
import Platform
import Synchronization
import Testing

@testable import EmbeddedPlatform

@Suite(.serialized) struct WaitingTests {
  @Test func aTimeoutIsNoError() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      let begun = ContinuousClock.now
      let result = try await platform.waitRun(run.reference, until: .terminal, timeoutSeconds: 0.2) { _ in }
      #expect(result.timedOut && result.run.state == "RUNNING")
      #expect(ContinuousClock.now - begun >= .milliseconds(200))
      #expect(try await platform.waitRun(run.reference, until: .running, timeoutSeconds: 0) { _ in }.timedOut == false)
    }
  }

  @Test func withoutAGoalAJobIsWaitedForToItsEnd() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      #expect(try await platform.waitRun(run.reference, until: nil, timeoutSeconds: 0.05) { _ in }.timedOut)
      place.engine.end(run.id)
      let result = try await platform.waitRun(run.reference, until: nil, timeoutSeconds: 10) { _ in }
      #expect(!result.timedOut && result.run.state == "COMPLETED")
    }
  }

  @Test func cancellingAWaitLeavesTheRun() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      let wait = Task { try await platform.ended(run, seconds: 60) }
      try await Task.sleep(for: .milliseconds(50))
      wait.cancel()
      await #expect(throws: CancellationError.self) { try await wait.value }
      #expect(try await platform.getRun(run.reference).state == "RUNNING")
    }
  }

  /// From the engine's own word to the answer: half of 100 ms for our own runs, all of it for another sidecar's.
  @Test(arguments: [(true, 50), (false, 100)])
  func aWaitWakesWithTheChange(own: Bool, milliseconds: Int) async throws {
    try await Workplace.use { place in
      let driver = try await place.sidecarWithFunction()
      let waiter = own ? driver : place.sidecar()
      var late: [Duration] = []
      for _ in 0..<9 {
        let run = try await driver.run(.job())
        _ = try await driver.running(run)
        let told = Mutex<ContinuousClock.Instant?>(nil)
        async let ended = waiter.ended(run)
        try await Task.sleep(for: .milliseconds(60))
        told.withLock { $0 = .now }
        place.engine.end(run.id)
        _ = try await ended
        late.append(try #require(told.withLock { $0 }).duration(to: .now))
      }
      let median = late.sorted()[late.count / 2]
      #expect(median < .milliseconds(milliseconds), "\(late)")
    }
  }

  @Test func whoWaitsHearsOfTheLaunch() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.held)
      let run = try await platform.run(.job())
      let heard = Mutex<[String]>([])
      async let waited = platform.waitRun(run.reference, until: .running, timeoutSeconds: 10) { step in
        heard.withLock { $0.append(step.message) }
      }
      try await Task.sleep(for: .milliseconds(20))
      place.engine.release()
      #expect(try await waited.run.state == "RUNNING")
      // The pull may have begun before anybody listened.
      #expect(heard.withLock { $0.allSatisfy { $0 == "Pulling i" } })
    }
  }

  @Test(arguments: [true, false])
  func aLogThatIsFollowedEndsWithTheRunOrTheTimeout(ends: Bool) async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      let begun = ContinuousClock.now
      async let page = platform.getRunLogs(
        run.reference,
        query: LogQuery(after: "c", follow: true),
        timeoutSeconds: ends ? 60 : 0.2
      )
      try await Task.sleep(for: .milliseconds(50))
      if ends { place.engine.end(run.id) }
      #expect(try await page.entries.isEmpty)
      #expect(try await page.cursor == "c")
      #expect(ContinuousClock.now - begun < .seconds(20))
    }
  }
}
