import JSON
import Model
import Testing

@testable import Catalog

@Suite struct RunTests {
  let directory: Directory
  let catalog: Catalog

  init() async throws {
    directory = try Directory()
    catalog = try await Catalog.make(directory)
  }

  @Test func everyPairOfStatesFollowsTheTable() async throws {
    for from in RunState.transitions.keys {
      let (run, _) = try await catalog.insertRun(Make.run(state: from))
      for to in RunState.transitions.keys where !from.canBecome(to) {
        let refused = await code {
          _ = try await catalog.transition(run: run.id, from: from, seq: 0, to: to, status: [:])
        }
        #expect(refused == .invalidState)
      }
      #expect(try await catalog.run(project: "p", id: run.id) == run)
      guard let to = RunState.transitions[from]?.first else { continue }
      let next = try await catalog.transition(run: run.id, from: from, seq: 0, to: to, status: ["message": "m"])
      #expect(next?.state == to && next?.seq == 1)
      #expect(next?.entity.status == ["message": "m", "state": .string(to.rawValue)])
      #expect(try await catalog.run(project: "p", id: run.id) == next)
    }
  }

  @Test func whoHasSeenAnOlderStateChangesNothing() async throws {
    let (run, _) = try await catalog.insertRun(Make.run(state: .pending))
    let running = try await catalog.transition(run: run.id, from: .pending, seq: 0, to: .running, status: [:])
    #expect(running?.seq == 1)
    #expect(try await catalog.transition(run: run.id, from: .pending, seq: 0, to: .error, status: [:]) == nil)
    #expect(try await catalog.transition(run: run.id, from: .running, seq: 0, to: .error, status: [:]) == nil)
    #expect(try await catalog.updateStatus(run: run.id, state: .running, seq: 0, status: [:]) == nil)
    #expect(try await catalog.transition(run: "none", from: .running, seq: 1, to: .error, status: [:]) == nil)
    let updated = try await catalog.updateStatus(run: run.id, state: .running, seq: 1, status: ["a": 1])
    #expect(updated?.seq == 2)
    #expect(updated?.entity.status == ["a": 1, "state": "RUNNING"])
    #expect(try #require(updated).entity.metadata.updated > run.entity.metadata.updated)
  }

  @Test func aKeyIsOneRun() async throws {
    let (first, _) = try await catalog.insertRun(Make.run(key: "k", fingerprint: "1"))
    let (again, inserted) = try await catalog.insertRun(Make.run(key: "k", fingerprint: "1"))
    #expect(!inserted && again == first)
    let other = Make.run(key: "k", fingerprint: "2")
    #expect(await code { _ = try await catalog.insertRun(other) } == .idempotencyConflict)
    let sameID = Make.run(first.id, key: "l", fingerprint: "1")
    #expect(await code { _ = try await catalog.insertRun(sameID) } == .alreadyExists)
    _ = try await catalog.getOrInsertProject(Make.project("q"))
    #expect(try await catalog.insertRun(Make.run(project: "q", key: "k", fingerprint: "2")).inserted)
    #expect(try await catalog.insertRun(Make.run()).inserted)
    #expect(try await catalog.insertRun(Make.run()).inserted)
    #expect(try await catalog.deleteRun(project: "p", id: first.id))
    #expect(try await !catalog.deleteRun(project: "p", id: first.id))
    #expect(try await catalog.insertRun(other).inserted)
  }

  @Test func unfinishedRunsAreThoseToLookAfter() async throws {
    var expected: [String] = []
    for state in RunState.transitions.keys {
      let (run, _) = try await catalog.insertRun(Make.run(state: state))
      if !state.isTerminal { expected.append(run.id) }
    }
    #expect(try await catalog.unfinishedRuns().map(\.id) == expected)
  }

  private static func id(_ number: Int) -> String { "run \(number)" }

  /// Twenty runs, two each moment.
  private func fill() async throws {
    for number in 0..<20 {
      let run = Make.run(
        Self.id(number),
        function: number.isMultiple(of: 2) ? "even" : "odd",
        action: number < 15 ? .job : .build,
        state: [.created, .running, .completed, .error][number % 4],
        created: Int64(1000 + number / 2),
        user: number < 10 ? "ann" : nil
      )
      _ = try await catalog.insertRun(run)
    }
  }

  @Test(
    arguments: [
      (ListQuery(), 20), (ListQuery(function: "even"), 10), (ListQuery(function: "id of odd"), 10),
      (ListQuery(action: .build), 5), (ListQuery(kind: "container+job:run"), 15), (ListQuery(kind: "run"), 0),
      (ListQuery(states: [.error]), 5), (ListQuery(states: [.error, .running]), 10), (ListQuery(user: "ann"), 10),
      (ListQuery(name: "run 3"), 1), (ListQuery(createdAfter: Timestamp(nanoseconds: 1004)), 10),
      (ListQuery(createdBefore: Timestamp(nanoseconds: 1004)), 8),
      (ListQuery(user: "ann", function: "odd", action: .job, states: [.running]), 3),
    ] as [(ListQuery, Int)]
  )
  func filters(query: ListQuery, count: Int) async throws {
    try await fill()
    var query = query
    #expect(try await catalog.runs(project: "p", query).total == count)
    query.limit = 1000
    let page = try await catalog.runs(project: "p", query)
    #expect(page.items.count == count && page.nextCursor == nil)
    #expect(try await catalog.runs(project: "q", query).total == 0)
  }

  @Test(arguments: ListQuery.SortField.allCases, [true, false])
  func pagesGiveEveryRowOnce(sort: ListQuery.SortField, descending: Bool) async throws {
    try await fill()
    for limit in [1, 3, 7, 20, 21] {
      var query = ListQuery(sort: sort, descending: descending, limit: limit)
      var ids: [String] = []
      repeat {
        let page = try await catalog.runs(project: "p", query)
        #expect(page.total == 20)
        ids += page.items.map(\.id)
        query.cursor = page.nextCursor
      } while query.cursor != nil
      #expect(Set(ids).count == 20 && ids.count == 20)
      let expected = (0..<20).map(Self.id)
      switch sort {
      case .created: #expect(ids == (descending ? expected.reversed() : expected))
      case .name: #expect(ids == (descending ? expected.sorted().reversed() : expected.sorted()))
      case .updated: break
      }
    }
  }

  @Test func whatComesInBetweenMovesNoPage() async throws {
    try await fill()
    var query = ListQuery(limit: 5)
    let first = try await catalog.runs(project: "p", query)
    _ = try await catalog.insertRun(Make.run("new", created: 5000))
    #expect(try await catalog.deleteRun(project: "p", id: Self.id(19)))
    query.cursor = first.nextCursor
    let second = try await catalog.runs(project: "p", query)
    #expect(second.items.map(\.id) == (10..<15).reversed().map(Self.id))
  }

  @Test(arguments: [
    "", "00", "zz", "5b5d", "5b312c322c335d", "[]", "é", "7b7d", "5b222d63726561746564222c2278222c315d",
  ])
  func aCursorOfNobodysIsAFault(cursor: String) async throws {
    await #expect {
      _ = try await catalog.runs(project: "p", ListQuery(cursor: cursor))
    } throws: { error in
      let error = error as? SidecarError
      return error?.code == .invalidParams && error?.faults.map(\.pointer) == ["/cursor"]
    }
  }

  @Test func aCursorKeepsToItsOrder() async throws {
    try await fill()
    let cursor = try await catalog.runs(project: "p", ListQuery(limit: 2)).nextCursor
    for query in [ListQuery(sort: .name, cursor: cursor), ListQuery(descending: false, cursor: cursor)] {
      #expect(await code { _ = try await catalog.runs(project: "p", query) } == .invalidParams)
    }
    #expect(await code { _ = try await catalog.runs(project: "p", ListQuery(limit: 0)) } == .invalidParams)
    #expect(await code { _ = try await catalog.runs(project: "p", ListQuery(limit: 1001)) } == .invalidParams)
  }
}
