import JSON
import Model
import Testing

@testable import Platform

/// A run whose transitions and log lines are told by moments, one a second.
struct Story {
  static let id = "0f8fad5bd9cb469fa16570867728950e"

  static func time(_ second: Int) -> Timestamp { Timestamp(nanoseconds: Int64(second) * 1_000_000_000) }

  static func look(_ states: [(String, Int)], action: String = "job") -> RunLook {
    let transitions = states.reversed().map { state, second -> JSONValue in
      ["status": .string(state), "time": .string(time(second).text)]
    }
    let state = JSONValue.string(states.last?.0 ?? "")
    let now = time(0)
    return RunLook(
      Entity(
        type: .run,
        kind: "container+job:run",
        id: id,
        name: id,
        project: "p",
        metadata: Metadata(created: now, updated: now),
        spec: ["action": .string(action)],
        status: ["state": state, "transitions": .array(transitions), "reason": "Completed", "exit_code": 0]
      )
    )
  }

  static func batch(_ seconds: [Int], isCurrent: Bool = false) -> LogBatch {
    var batch = LogBatch(isCurrent: isCurrent)
    for second in seconds {
      batch.append(
        LogEntry(timestamp: time(second), stream: .stdout, container: "c", text: "\(second)"),
        cursor: "l\(second)"
      )
    }
    return batch
  }

  static func words(_ events: [RunEvent]) -> String {
    events.map { event in
      switch event.content {
      case .state(let change): change.state.rawValue
      case .log(let entry): entry.text
      case .end(let end): end.reason.rawValue
      }
    }.joined(separator: " ")
  }
}

@Suite struct RunEventMergeTests {
  static let whole = [("CREATED", 0), ("READY", 0), ("PENDING", 1), ("RUNNING", 2), ("COMPLETED", 9)]

  private func merge(_ look: RunLook, logs: Bool = true) -> RunEventMerge {
    RunEventMerge(after: RunCursor(run: Story.id), look: look, logs: logs)
  }

  @Test func theLogOfARunThatIsOverStandsBeforeItsEnd() {
    var merge = merge(Story.look(Self.whole))
    #expect(Story.words(merge.events()) == "CREATED READY PENDING RUNNING")
    // One is later than the end: clocks differ.
    merge.add(Story.batch([3, 4, 10]))
    #expect(Story.words(merge.events()) == "3 4 10" && !merge.isFinished)
    merge.isLogOver = true
    let end = merge.events()
    #expect(Story.words(end) == "COMPLETED" && merge.isFinished)
    guard case .state(let change) = end[0].content else { return }
    #expect((change.reason, change.exitCode) == ("Completed", 0))
  }

  @Test func whatAJobWritesWaitsUntilItIsSaidToRun() {
    var merge = merge(Story.look(Array(Self.whole.prefix(3))))
    merge.add(Story.batch([1]))
    #expect(Story.words(merge.events()) == "CREATED READY PENDING")
    merge.see(Story.look(Array(Self.whole.prefix(4))))
    #expect(Story.words(merge.events()) == "RUNNING 1")
    // A serve that does not come up says why.
    merge = self.merge(Story.look(Array(Self.whole.prefix(3)), action: "serve"))
    merge.add(Story.batch([1]))
    #expect(Story.words(merge.events()) == "CREATED READY PENDING 1")
  }

  @Test func attemptsStandInTheirOrder() {
    let resumed = Self.whole.prefix(4) + [("STOP", 4), ("STOPPED", 5), ("RESUME", 7), ("PENDING", 7), ("RUNNING", 8)]
    var merge = merge(Story.look(Array(resumed)))
    merge.add(Story.batch([3, 4]))
    #expect(Story.words(merge.events()) == "CREATED READY PENDING RUNNING 3 4")
    merge.add(Story.batch([5, 9]))
    #expect(Story.words(merge.events()) == "STOP 5 STOPPED RESUME PENDING RUNNING 9")
    // Where the second attempt says nothing, what has been read up to now tells that no more of the first comes.
    merge = self.merge(Story.look(Array(resumed)))
    merge.add(Story.batch([3]))
    #expect(Story.words(merge.events()) == "CREATED READY PENDING RUNNING 3")
    merge.add(Story.batch([], isCurrent: true))
    #expect(Story.words(merge.events()) == "STOP STOPPED RESUME PENDING RUNNING")
  }

  @Test func withoutLogsOnlyTransitionsAreTold() {
    var merge = merge(Story.look(Self.whole), logs: false)
    #expect(Story.words(merge.events()) == "CREATED READY PENDING RUNNING COMPLETED" && merge.isFinished)
  }

  /// Whatever is told in whatever pieces, and wherever it is gone on with: each once, in order, numbered.
  @Test(arguments: 1...6)
  func anyCursorGoesOnBehindItsEvent(piece: Int) throws {
    let lines = Array(3...8)
    func history(after cursor: RunCursor) -> [RunEvent] {
      var merge = RunEventMerge(after: cursor, look: Story.look(Array(Self.whole.prefix(2))), logs: true)
      var events = merge.events()
      let rest = lines.filter { "l\($0)" > cursor.log }
      for start in stride(from: 0, to: rest.count, by: piece) {
        merge.add(Story.batch(Array(rest[start..<min(start + piece, rest.count)])))
        events += merge.events()
        if start == 0 { merge.see(Story.look(Self.whole)) }
      }
      merge.see(Story.look(Self.whole))
      merge.isLogOver = true
      events += merge.events()
      #expect(merge.isFinished)
      return events
    }
    let whole = history(after: RunCursor(run: Story.id))
    #expect(whole.map(\.seq) == Array(1...(Self.whole.count + lines.count)))
    for event in whole {
      let rest = history(after: try RunCursor(parsing: event.cursor.text, run: Story.id))
      #expect(rest.map(\.cursor) == whole[event.seq...].map(\.cursor))
      #expect(Story.words(rest) == Story.words(Array(whole[event.seq...])))
    }
  }
}

@Suite struct RunCursorTests {
  @Test func whatIsWrittenIsRead() throws {
    var cursor = RunCursor(run: Story.id)
    #expect(try RunCursor(parsing: cursor.text, run: Story.id) == cursor)
    (cursor.seq, cursor.states, cursor.log) = (12, 5, "e2.1.2.3.4+e2.0.0.0.0-with-dashes")
    #expect(try RunCursor(parsing: cursor.text, run: Story.id) == cursor)
    // With dashes or without, a run is the same.
    #expect(try RunCursor(parsing: cursor.text, run: "0f8fad5b-d9cb-469f-a165-70867728950e") == cursor)
  }

  @Test(arguments: [
    "", "x", "r1-0f8fad5b-1-1", "r2-0f8fad5b-1-1-", "r1-0f8fad5b-a-1-", "r1-0f8fad5b-1-2-", "r1-0f8fad5b-1--1-",
    "r1-1f8fad5b-1-1-",
  ])
  func aForeignCursorIsRefused(text: String) {
    let error = #expect(throws: SidecarError.self) { try RunCursor(parsing: text, run: Story.id) }
    #expect(error?.code == .invalidParams && error?.faults.first?.pointer == "/after")
  }
}
