import Foundation
import HTTP
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite(.serialized, .enabled(if: !RealEngine.all.isEmpty))
struct RealLogTests {
  /// All of it, nothing twice, in pages; in a few times what it takes to fetch it once and throw it away.
  @Test(arguments: RealEngine.all)
  func pagesALongLogCompletely(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("seq 100000; echo e >&2; printf unfinished") }) { executor, execution in
      _ = try await executor.finished(execution)
      let raw = try await engine.timed { try await engine.fetchLog(of: execution) }
      var entries: [LogEntry] = []
      let paged = try await engine.timed {
        var cursor: String?
        while true {
          let page = try await executor.logs(execution, query: LogQuery(after: cursor))
          if page.entries.isEmpty { break }
          #expect(page.entries.count <= 10_000)
          entries += page.entries
          cursor = page.cursor
        }
      }
      let texts = entries.filter { $0.stream == .stdout }.map(\.text)
      #expect(texts.count == 100_001)
      #expect(texts == (1...100_000).map { "\($0)" } + ["unfinished"])
      #expect(entries.filter { $0.stream == .stderr }.map(\.text) == ["e"])
      let tail = try await engine.timed { _ = try await executor.logs(execution, query: LogQuery(tail: 3)) }
      print("\(engine): 100,000 lines fetched in \(raw), read in 11 pages in \(paged), tail of 3 in \(tail)")
      // Podman's times are whole seconds, so a page there passes over what it shares its second with.
      #expect(paged < (raw + .milliseconds(200)) * (engine.description == "podman" ? 24 : 10))
    }
  }

  @Test(arguments: RealEngine.all, [0, 1, 3, 7, 8, 100])
  func aTailAndWhatComesAfterIt(engine: RealEngine, count: Int) async throws {
    let script = "echo 1; echo 2 >&2; sleep 1.1; echo 3; sleep 0.1; echo 4 >&2; sleep 0.1; echo 5; echo 6; echo 7"
    try await engine.run({ $0.shell(script + "; sleep 1.5; echo 8; echo 9 >&2; printf 10") }) { executor, execution in
      _ = try await executor.ensure(execution) { _ in }
      var page = LogPage(entries: [], cursor: "")
      for _ in 0..<200 where !page.entries.contains(where: { $0.text == "7" }) {
        page = try await executor.logs(execution, query: LogQuery())
        try await Task.sleep(for: .milliseconds(20))
      }
      let tail = try await executor.logs(execution, query: LogQuery(tail: count))
      #expect(tail.entries.map { Int($0.text) ?? 0 }.sorted() == Array((1...7).suffix(count)))
      _ = try await executor.awaitEnd(execution)
      let rest = try await executor.logs(execution, query: LogQuery(after: tail.cursor))
      #expect(rest.entries.map { Int($0.text) ?? 0 }.sorted() == [8, 9, 10])
    }
  }

  @Test(arguments: RealEngine.all)
  func sinceATime(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("echo 1; sleep 2.1; echo 2; echo 3") }) { executor, execution in
      _ = try await executor.finished(execution)
      let all = try await executor.logs(execution, query: LogQuery()).entries
      let time = try #require(all.last { $0.text == "2" }?.timestamp)
      let later = try await executor.logs(execution, query: LogQuery(since: time))
      #expect(later.entries.map(\.text) == ["2", "3"])
      #expect(try await executor.logs(execution, query: LogQuery(after: later.cursor)).entries.isEmpty)
      let future = Timestamp(nanoseconds: time.nanoseconds + 60_000_000_000)
      let none = try await executor.logs(execution, query: LogQuery(since: future))
      #expect(none.entries.isEmpty)
      // A cursor that a page without entries gave does not lead back to the start.
      #expect(try await executor.logs(execution, query: LogQuery(after: none.cursor)).entries.isEmpty)
    }
  }

  /// A page has an end before its number of entries where these are large.
  @Test(arguments: RealEngine.all)
  func largeLinesMakeShortPages(engine: RealEngine) async throws {
    let line = "head -c 500000 /dev/zero | tr '\\0' x; echo"
    try await engine.run({ $0.shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \(line); done") })
    {
      executor,
      execution in
      _ = try await executor.finished(execution)
      let first = try await executor.logs(execution, query: LogQuery())
      #expect(first.entries.count == 17)
      let second = try await executor.logs(execution, query: LogQuery(after: first.cursor))
      #expect((first.entries + second.entries).map(\.text.count) == Array(repeating: 500_000, count: 20))
      let tail = try await executor.logs(execution, query: LogQuery(tail: 20))
      #expect(tail.entries.count == 16)
    }
  }

  @Test(arguments: RealEngine.all)
  func followsAsALongPoll(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("echo one; sleep 1; echo two; sleep 1; printf three") }) { executor, execution in
      let followed = Task {
        var texts: [String] = []
        var cursor: String?
        for _ in 0..<10 where texts.count < 3 {
          let page = try await executor.logs(execution, query: LogQuery(after: cursor, follow: true))
          texts += page.entries.map(\.text)
          cursor = page.cursor
        }
        return texts
      }
      // Nothing is there yet: it waits.
      try await Task.sleep(for: .milliseconds(300))
      _ = try await executor.ensure(execution) { _ in }
      #expect(try await followed.value == ["one", "two", "three"])
    }
  }

  /// Whoever follows a run that is deleted gets an end.
  @Test(arguments: RealEngine.all)
  func followingWhatIsRemoved(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("sleep 60") }) { executor, execution in
      _ = try await executor.ensure(execution) { _ in }
      let followed = Task { try await executor.logs(execution, query: LogQuery(follow: true)) }
      try await Task.sleep(for: .milliseconds(500))
      try await executor.remove(execution)
      #expect(try await followed.value.entries.isEmpty)
    }
  }
}

extension RealEngine {
  func timed(_ work: () async throws -> Void) async throws -> Duration {
    let begun = ContinuousClock.now
    try await work()
    return ContinuousClock.now - begun
  }

  /// The whole log by the same client, unread.
  func fetchLog(of execution: Execution) async throws {
    let transport = HTTPTransport()
    let path = "/containers/dh-\(execution.runID)/logs?stdout=1&stderr=1&timestamps=1"
    let url = HTTPRequest.unixURL(socket: String(socket.dropFirst("unix://".count)), path: path)
    var bytes = 0
    try await transport.send(HTTPRequest("GET", url)).forEachChunk { chunk in
      bytes += chunk.count
      return true
    }
    #expect(bytes > 3_000_000)
    await transport.shutdown()
  }
}
