import Foundation
import JSON
import Model
import Testing

@testable import Catalog

/// Several catalogs on one file, in one process and in several.
@Suite struct SharingTests {
  @Test func ofManyThatChangeAStateOneWins() async throws {
    let directory = try Directory()
    let first = try await Catalog.make(directory)
    let catalogs = [first] + (0..<5).map { _ in Catalog(path: directory.catalog) }
    for _ in 0..<20 {
      let (run, _) = try await first.insertRun(Make.run(state: .pending))
      let winners = try await withThrowingTaskGroup(of: RunRecord?.self) { group in
        for catalog in catalogs {
          group.addTask {
            try await catalog.transition(run: run.id, from: .pending, seq: 0, to: .running, status: [:])
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 == nil ? 0 : 1 }
      }
      #expect(winners == 1)
    }
  }

  @Test func ofManyWithOneKeyOneIsRecorded() async throws {
    let directory = try Directory()
    let first = try await Catalog.make(directory)
    let catalogs = [first] + (0..<5).map { _ in Catalog(path: directory.catalog) }
    for round in 0..<20 {
      let answers = try await withThrowingTaskGroup(of: (RunRecord, Bool).self) { group in
        for catalog in catalogs {
          group.addTask {
            let answer = try await catalog.insertRun(Make.run(key: "key \(round)", fingerprint: "x"))
            return (answer.run, answer.inserted)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count(where: \.1) == 1)
      #expect(Set(answers.map(\.0.id)).count == 1)
    }
  }

  @Test func manyMakeAndFillTheFileAtOnce() async throws {
    for _ in 0..<5 {
      let directory = try Directory()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<8 {
          group.addTask {
            let catalog = try await Catalog.make(directory)
            for _ in 0..<5 { try await catalog.insertFunction(Make.function("f\(index)")) }
          }
        }
        try await group.waitForAll()
      }
      let all = try await Catalog(path: directory.catalog).functions(project: "p", ListQuery(versions: .all))
      #expect(all.total == 40)
    }
  }

  @Test func aTokenTellsOfOthersWrites() async throws {
    let directory = try Directory()
    let one = try await Catalog.make(directory)
    let other = Catalog(path: directory.catalog)
    let (run, _) = try await other.insertRun(Make.run(state: .pending))
    let before = try await one.changeToken()
    #expect(try await one.changeToken() == before)
    _ = try await other.transition(run: run.id, from: .pending, seq: 0, to: .running, status: [:])
    let between = try await one.changeToken()
    #expect(between != before)
    _ = try await one.updateStatus(run: run.id, state: .running, seq: 1, status: [:])
    #expect(try await one.changeToken() != between)
  }

  /// Four processes race for the same 50 runs; each writes down what it won.
  @Test func processesRaceToo() async throws {
    let directory = try Directory()
    let path = directory.catalog
    let catalog = try await Catalog.make(directory)
    for index in 0..<50 { _ = try await catalog.insertRun(Make.run("run\(index)", state: .pending)) }
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask {
          let wins = directory.path + "/wins\(index)"
          await #expect(processExitsWith: .success) { [path = path as String, wins = wins as String] in
            let catalog = Catalog(path: path)
            let ledger = try Ledger(wins)
            for index in 0..<50 {
              if try await catalog.acquireLease(run: "run\(index)") { ledger.append("lease run\(index)") }
              let won = try await catalog.transition(
                run: "run\(index)",
                from: .pending,
                seq: 0,
                to: .running,
                status: [:]
              )
              if won != nil { ledger.append("run\(index)") }
              let keyed = try await catalog.insertRun(Make.run(key: "key\(index)", fingerprint: "x"))
              if keyed.inserted { ledger.append("key\(index)") }
            }
          }
        }
      }
    }
    var won: [String: Int] = [:]
    for index in 0..<4 { for line in try Ledger.lines(directory.path + "/wins\(index)") { won[line, default: 0] += 1 } }
    for index in 0..<50 {
      #expect(won["run\(index)"] == 1)
      #expect(won["key\(index)"] == 1)
      // A process that ended left its leases to the next.
      #expect(won["lease run\(index)", default: 0] >= 1)
    }
    #expect(try await catalog.runs(project: "p").total == 100)
  }
}

/// Lines that are in the kernel's hands when `append` returns, so that they outlive a SIGKILL.
struct Ledger {
  let descriptor: Int32

  init(_ path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw Missing() }
  }

  func append(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
  }

  static func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }
}
