import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct MergedLogTests {
  private static func page(_ container: String, _ seconds: [Int64]) -> LogPage {
    var cursor = LogCursor()
    let entries = seconds.map { second in
      cursor.move(past: .stdout, at: second * 1_000_000_000)
      return LogEntry(
        timestamp: Timestamp(nanoseconds: second * 1_000_000_000),
        stream: .stdout,
        container: container,
        text: "\(container)\(second)"
      )
    }
    return LogPage(entries: entries, cursor: cursor.text)
  }

  @Test func entriesComeInTheOrderOfTheirTimes() throws {
    let pages = [Self.page("a", [1, 4, 5]), Self.page("b", [2, 4]), Self.page("c", [])]
    let merged = try MergedLog.first(100, of: pages, from: [nil, nil, nil], since: nil)
    #expect(merged.entries.map(\.text) == ["a1", "b2", "a4", "b4", "a5"])
    #expect(merged.cursors == pages.map(\.cursor))
  }

  @Test func whatIsLeftOverComesNextTime() throws {
    let pages = [Self.page("a", [1, 3, 5]), Self.page("b", [2, 4, 6])]
    let merged = try MergedLog.first(3, of: pages, from: [nil, nil], since: nil)
    #expect(merged.entries.map(\.text) == ["a1", "b2", "a3"])
    #expect(try merged.cursors.map { try LogCursor(parsing: $0).stdout.time } == [3_000_000_000, 2_000_000_000])
  }

  /// A page that its limit cut says nothing of what its log has behind it.
  @Test func nothingIsGivenBeyondAPageThatWasCut() throws {
    let pages = [Self.page("a", [1, 2]), Self.page("b", [5])]
    let merged = try MergedLog.first(2, of: pages, from: [nil, nil], since: nil)
    #expect(merged.entries.map(\.text) == ["a1", "a2"])
    #expect(try LogCursor(parsing: merged.cursors[1]) == LogCursor())
  }

  @Test func oneLogKeepsItsOrderWhateverTheClockSays() {
    let ordered = MergedLog.ordered([Self.page("a", [5, 1]), Self.page("b", [3])])
    #expect(ordered.map(\.entry.text) == ["b3", "a5", "a1"])
  }
}
