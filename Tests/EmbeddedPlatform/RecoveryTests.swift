import Catalog
import JSON
import Model
import Platform
import Testing

@testable import EmbeddedPlatform

/// What a sidecar makes of the records that another one left behind when it was killed.
@Suite struct RecoveryTests {
  enum World: Sendable { case nothing, created, running, ended(Int) }

  struct Case: Sendable, CustomTestStringConvertible {
    var recorded: RunState
    var world: World
    var state: String
    var exitCode: Int?
    /// How often the program is begun by whoever takes the run up.
    var starts: Int

    init(_ recorded: RunState, _ world: World, _ state: String, exitCode: Int?, starts: Int) {
      self.recorded = recorded
      self.world = world
      self.state = state
      self.exitCode = exitCode
      self.starts = starts
    }

    var testDescription: String { "\(recorded.rawValue), \(world)" }
  }

  /// Every place between two steps at which the former sidecar may have died.
  static let cases = [
    Case(.ready, .nothing, "COMPLETED", exitCode: 0, starts: 1),
    Case(.pending, .nothing, "COMPLETED", exitCode: 0, starts: 1),
    Case(.pending, .created, "COMPLETED", exitCode: 0, starts: 1),
    Case(.pending, .running, "COMPLETED", exitCode: 0, starts: 0),
    Case(.pending, .ended(0), "COMPLETED", exitCode: 0, starts: 0),
    Case(.pending, .ended(3), "ERROR", exitCode: 3, starts: 0),
    Case(.running, .running, "COMPLETED", exitCode: 0, starts: 0),
    Case(.running, .ended(5), "ERROR", exitCode: 5, starts: 0),
    Case(.running, .created, "COMPLETED", exitCode: 0, starts: 1),
    Case(.running, .nothing, "ERROR", exitCode: nil, starts: 0),
    Case(.stop, .nothing, "STOPPED", exitCode: nil, starts: 0),
    Case(.stop, .created, "STOPPED", exitCode: nil, starts: 0),
    Case(.stop, .running, "STOPPED", exitCode: 143, starts: 0),
    Case(.stop, .ended(0), "STOPPED", exitCode: 0, starts: 0),
    Case(.deleting, .nothing, "DELETED", exitCode: nil, starts: 0),
    Case(.deleting, .running, "DELETED", exitCode: nil, starts: 0),
  ]

  /// The way in which the next sidecar hears of the run first.
  enum Way: String, Sendable, CaseIterable { case get, list, wait }

  @Test(arguments: cases, Way.allCases)
  func theTruthIsFoundOut(_ one: Case, way: Way) async throws {
    try await Workplace.use { place in
      let run = try await place.leaveBehind(one.recorded, one.world)
      let platform = place.sidecar()
      switch way {
      case .get: _ = try? await platform.getRun(run)
      case .list: _ = try await platform.listRuns(RunQuery(project: "default"))
      case .wait:
        // In the background: the wait ends with the program, which is ended below.
        Task { try? await platform.waitRun(run, until: .terminal, timeoutSeconds: 10) { _ in } }
      }
      try await place.finish(run, starts: one.starts)
      if one.state == "DELETED" {
        // The first call takes it up and may still see it; then it is gone.
        #expect(
          try await eventually { await refusal { _ = try await platform.getRun(run) }?.code == .runNotFound }
        )
        #expect(place.engine.container(run.id) == nil)
        return
      }
      let result = try await platform.waitRun(run, until: .terminal, timeoutSeconds: 10) { _ in }
      #expect(result.run.state == one.state)
      #expect(result.run.status["exit_code"]?.integerValue == one.exitCode)
      #expect(place.engine.starts(run.id) == one.starts)
      if one.state == "ERROR", one.exitCode == nil { #expect(result.run.status["reason"] == "Vanished") }
    }
  }

  @Test func whatEndedMeanwhileIsSaidByTheFirstAnswer() async throws {
    try await Workplace.use { place in
      let run = try await place.leaveBehind(.running, .ended(6))
      let first = try await place.sidecar().getRun(run)
      #expect(first.state == "ERROR" && first.status["exit_code"] == 6)
    }
  }

  @Test func aListSaysItTooOfAllRuns() async throws {
    try await Workplace.use { place in
      for exitCode in [0, 1, 2] { _ = try await place.leaveBehind(.running, .ended(exitCode)) }
      let page = try await place.sidecar().listRuns(RunQuery(project: "default"))
      #expect(page.items.map { $0.status["exit_code"] } == [2, 1, 0])
      #expect(page.items.map(\.state) == ["ERROR", "ERROR", "COMPLETED"])
    }
  }

  @Test func withoutAnEngineTheRecordIsWhatIsKnown() async throws {
    try await Workplace.use { place in
      let run = try await place.leaveBehind(.running, .running)
      place.engine.setDown(true)
      let platform = place.sidecar()
      #expect(try await platform.getRun(run).state == "RUNNING")
      #expect(try await platform.listRuns(RunQuery(project: "default")).total == 1)
      place.engine.end(run.id)
      place.engine.setDown(false)
      #expect(try await platform.waitRun(run, until: .terminal, timeoutSeconds: 10) { _ in }.run.state == "COMPLETED")
    }
  }

  /// A sidecar that is told to leave lets its runs go on, and the next one finds them.
  @Test func leavingIsNotStopping() async throws {
    try await Workplace.use { place in
      let first = try await place.sidecarWithFunction()
      let run = try await first.run(.job())
      _ = try await first.running(run)
      await place.leave(first)
      #expect(place.engine.container(run.id) == .running)
      let second = place.sidecar()
      #expect(try await second.getRun(run.reference).state == "RUNNING")
      place.engine.end(run.id)
      #expect(try await second.ended(run).state == "COMPLETED")
      #expect(place.engine.starts(run.id) == 1)
    }
  }

  @Test func aDrainWaitsForLaunchesAndNoLonger() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      place.engine.launch(.held)
      let run = try await platform.run(.job())
      let begun = ContinuousClock.now
      await platform.drain(seconds: 0.1)
      #expect(ContinuousClock.now - begun >= .milliseconds(100))
      #expect(place.engine.starts(run.id) == 0)
      async let drained: Void = platform.drain(seconds: 60)
      try await Task.sleep(for: .milliseconds(20))
      place.engine.release()
      await drained
      #expect(place.engine.starts(run.id) == 1)
    }
  }
}

extension Workplace {
  /// The record of a run whose sidecar is dead, and what is left of its container.
  func leaveBehind(_ state: RunState, _ world: RecoveryTests.World) async throws -> RunReference {
    let former = try await sidecarWithFunction()
    let function = try await former.getFunction(.named("f"))
    await leave(former)
    let id = EntityID.generate()
    var status = RunStatus(recordedAt: Timestamp.now(), warnings: [])
    status.enter(state, at: Timestamp.now(), message: nil)
    let now = Timestamp.now()
    let entity = Entity(
      type: .run,
      kind: Action.job.runKind,
      id: id,
      name: id,
      project: "default",
      metadata: Metadata(created: now, updated: now),
      spec: ["function_spec": .object(function.spec), "run_spec": [:]],
      status: status.json
    )
    let dead = Catalog(path: path)
    _ = try await dead.insertRun(
      NewRun(entity: entity, state: state, action: .job, functionID: function.id, functionName: "f")
    )
    // Its lease is recorded, and nobody holds it any more.
    #expect(try await dead.acquireLease(run: id))
    await dead.close()
    switch world {
    case .nothing: break
    case .created: engine.put(.created, for: id)
    case .running: engine.put(.running, for: id)
    case .ended(let exitCode): engine.end(id, exitCode: exitCode)
    }
    return RunReference(project: "default", id: id)
  }

  /// Ends the program once it has been begun that often, where it is running at all.
  fileprivate func finish(_ run: RunReference, starts: Int) async throws {
    if starts > 0 { #expect(try await eventually { self.engine.starts(run.id) == starts }) }
    let isStopping = try await isStopping(run)
    if !isStopping, engine.container(run.id) == .running { engine.end(run.id) }
  }

  private func isStopping(_ run: RunReference) async throws -> Bool {
    let catalog = Catalog(path: path)
    let state = try await catalog.run(project: run.project, id: run.id)?.state
    await catalog.close()
    return state == nil || state == .stop || state == .stopped || state == .deleting
  }
}
