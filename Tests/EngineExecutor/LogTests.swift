import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct LogTests {
  private static func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return [stream, 0, 0, 0, 0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
  }

  /// A line in one frame, a line in two (its line break alone, as Podman does), two streams interleaved, an empty
  /// line, one without an end.
  private static let stream: [UInt8] = [
    frame(1, "2026-01-02T03:04:05Z one\n"),
    frame(1, "2026-01-02T03:04:05Z tw"),
    frame(2, "2026-01-02T03:04:06Z err\n"),
    frame(1, "2026-01-02T03:04:05Z o"),
    frame(1, "2026-01-02T03:04:07Z \n"),
    frame(1, "2026-01-02T03:04:08.123456789Z \n"),
    frame(1, "2026-01-02T03:04:09+01:00 end"),
  ].flatMap { $0 }

  @Test(arguments: 0...stream.count)
  func linesAreTheSameAtEverySplit(split: Int) {
    var demultiplexer = LogDemultiplexer(container: "c")
    var entries = demultiplexer.entries(adding: Array(Self.stream[..<split]))
    entries += demultiplexer.entries(adding: Array(Self.stream[split...]))
    entries += demultiplexer.rest()
    #expect(entries.map(\.text) == ["one", "err", "two", "", "end"])
    #expect(entries.map(\.stream) == [.stdout, .stderr, .stdout, .stdout, .stdout])
    #expect(entries[3].timestamp == Timestamp(parsing: "2026-01-02T03:04:08.123456789Z"))
    #expect(entries[4].timestamp == Timestamp(parsing: "2026-01-02T02:04:09Z"))
  }

  @Test(arguments: 1...5)
  func aCursorContinuesWithinASecond(pageSize: Int) {
    let log: [LogEntry] = (0..<12).map { index in
      let second = Int64(100 + index / 5)
      let stream: LogEntry.Stream = index % 3 == 0 ? .stderr : .stdout
      return LogEntry(
        timestamp: Timestamp(nanoseconds: second * 1_000_000_000),
        stream: stream,
        container: "c",
        text: "\(index)"
      )
    }
    var cursor = LogCursor()
    var texts: [String] = []
    for _ in 0..<20 {
      var counter = LogCounter(cursor)
      var page: [String] = []
      for entry in log where page.count < pageSize && counter.isNew(entry) { page.append(entry.text) }
      cursor = counter.cursor
      texts += page
    }
    #expect(texts == log.map(\.text))
    #expect((try? LogCursor(parsing: cursor.text)) == cursor)
  }

  @Test(arguments: ["", "x", "e1.1.2.3", "e1.-1.0.0.0", "e2.0.0.0.0", "e1.a.b.c.d"])
  func aForeignCursorIsRefused(text: String) {
    let error = #expect(throws: SidecarError.self) { try LogCursor(parsing: text) }
    #expect(error?.faults.first?.pointer == "/after")
  }
}
