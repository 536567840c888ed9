import Foundation
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

  private static func entries(_ chunks: [[UInt8]]) throws -> [LogEntry] {
    var demultiplexer = LogDemultiplexer()
    var entries: [LogEntry] = []
    for chunk in chunks { try demultiplexer.read(chunk) { entries.append($0.entry(container: "c")) } }
    demultiplexer.rest { entries.append($0.entry(container: "c")) }
    return entries
  }

  @Test(arguments: 0...stream.count)
  func linesAreTheSameAtEverySplit(split: Int) throws {
    let entries = try Self.entries([Array(Self.stream[..<split]), Array(Self.stream[split...])])
    #expect(entries.map(\.text) == ["one", "err", "two", "", "end"])
    #expect(entries.map(\.stream) == [.stdout, .stderr, .stdout, .stdout, .stdout])
    #expect(entries[3].timestamp == Timestamp(parsing: "2026-01-02T03:04:08.123456789Z"))
    #expect(entries[4].timestamp == Timestamp(parsing: "2026-01-02T02:04:09Z"))
  }

  /// Text that is no UTF-8, a carriage return, a line that looks like a time, a frame without a time.
  @Test func oddLines() throws {
    let frames = [
      Self.frame(2, "2026-01-02T03:04:05.5Z 2026-01-02T03:04:05.5Z x\r\n"), Self.frame(1, "no time at all\n"),
      [1, 0, 0, 0, 0, 0, 0, 26] + Array("2026-01-02T03:04:05.25Z a".utf8) + [0xff, 0x0a],
    ]
    let entries = try Self.entries(frames)
    #expect(entries.map(\.text) == ["2026-01-02T03:04:05.5Z x", "no time at all", "a\u{FFFD}"])
    #expect(entries[1].timestamp == Timestamp(nanoseconds: 0))
    #expect(entries[2].timestamp == Timestamp(parsing: "2026-01-02T03:04:05.25Z"))
  }

  /// A program that never ends a line can't fill the memory: its line is given in parts.
  @Test func anEndlessLineIsGivenInParts() throws {
    let part = Self.frame(1, "2026-01-02T03:04:05Z " + String(repeating: "x", count: 16 << 10))
    let lengths = try Self.entries(Array(repeating: part, count: 160)).map(\.text.utf8.count)
    #expect(lengths == [1 << 20, 1 << 20, 1 << 19])
  }

  @Test(arguments: [[9, 0, 0, 0, 0, 0, 0, 1, 65], [1, 0, 0, 0, 0xff, 0, 0, 0, 65]] as [[UInt8]])
  func whatIsNoLogIsSaid(bytes: [UInt8]) {
    let error = #expect(throws: SidecarError.self) { try Self.entries([bytes]) }
    #expect(error?.code == .engineError)
  }

  @Test(arguments: [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05+01:00",
    "2026-01-02T03:04:05.5+01:00", "2026-01-02T03:04:06.5-02:30", "1969-12-31T23:59:59.25Z",
  ])
  func timesAreReadAsByTheModel(text: String) {
    var reader = EngineTimeReader()
    for _ in 0..<2 {
      let time = Array(text.utf8).withUnsafeBufferPointer { reader.nanoseconds($0) }
      #expect(time == Timestamp(parsing: text)?.nanoseconds)
    }
    for wrong in ["", "x", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1Zz", text + "Z"] {
      #expect(Array(wrong.utf8).withUnsafeBufferPointer { reader.nanoseconds($0) } == nil)
    }
  }

  /// Whole seconds as Podman has them, and nanoseconds, with pages of every size: nothing twice, nothing lost.
  @Test(arguments: 1...6, [1_000_000_000, 400_000_000, 1] as [Int64])
  func aCursorContinuesWhereItStood(pageSize: Int, step: Int64) throws {
    let log: [(stream: LogEntry.Stream, time: Int64, text: String)] = (0..<24).map { index in
      // stderr is silent for the first half.
      let stream: LogEntry.Stream = index > 12 && index % 3 == 0 ? .stderr : .stdout
      return (stream, (100_000_000_000 + Int64(index) * step) / 1_000_000_000 * 1_000_000_000 + step % 10, "\(index)")
    }
    var cursor = LogCursor()
    var texts: [String] = []
    for _ in 0..<30 {
      var skipper = LogSkipper(cursor)
      var page: [String] = []
      for line in log where line.time >= cursor.since && page.count < pageSize {
        Array(line.text.utf8).withUnsafeBufferPointer { bytes in
          guard let new = skipper.new(.init(stream: line.stream, time: line.time, start: line.time, bytes: bytes))
          else { return }
          page.append(line.text)
          cursor.move(past: new)
        }
      }
      texts += page
      cursor = try LogCursor(parsing: cursor.text)
    }
    #expect(texts == log.map(\.text))
  }

  /// A program ends in the middle of a line, and the next one goes on in it: what was given is not given again, and the
  /// rest is not lost. Read anew from every cursor.
  @Test(arguments: [[1, 2, 3, 3], [1, 3, 3], [2, 3], [3], [1, 1, 2, 2, 3]], [false, true])
  func aLineThatAProgramLeftOpenIsGoneOnWith(attempts: [Int], cuts: Bool) throws {
    let log = [
      (1, 1, "one\n"), (1, 2, "two"), (2, 3, "2\n"), (2, 3, "thr"), (3, 3, "ee\n"), (3, 3, "x\n"), (3, 4, "y"),
    ]
    var texts: [String] = []
    var cursor = LogCursor()
    for attempt in attempts {
      var demultiplexer = LogDemultiplexer()
      var skipper = LogSkipper(cursor)
      func take(_ line: LogDemultiplexer.Line) {
        guard let line = skipper.new(line) else { return }
        cursor.move(past: line)
        texts.append(line.entry(container: "c").text)
        #expect((try? LogCursor(parsing: cursor.text)) == cursor)
      }
      // As Podman has it, a reading begins with the whole second of the last line.
      let first = cuts ? cursor.since / 1_000_000_000 - Self.midnight : 0
      for (ofAttempt, second, text) in log where ofAttempt <= attempt && Int64(second) >= first {
        let message = Array("2026-01-02T00:00:0\(second)Z \(text)".utf8)
        let header: [UInt8] = [1, 0, 0, 0, 0, 0, 0, UInt8(message.count)]
        try demultiplexer.read(header + message, take)
      }
      demultiplexer.rest(take)
    }
    #expect(texts.joined() == "onetwo2threexy", "\(texts)")
  }

  private static let midnight: Int64 = 1_767_312_000

  /// A page of a long log is read from where the page before ended, also while one of the streams is silent.
  @Test func aSilentStreamDoesNotHoldTheOtherBack() {
    var cursor = LogCursor()
    cursor.move(past: .stdout, at: 500_000_000_000)
    #expect(cursor.since == 498_000_000_000)
    cursor.move(past: .stderr, at: 499_500_000_000)
    #expect(cursor.since == 499_500_000_000)
    cursor.move(past: .stdout, at: 400_000_000_000)
    #expect(cursor.stdout == LogCursor.Place(time: 500_000_000_000, given: 1))
  }

  @Test(arguments: ["", "x", "e2.1.2.3", "e2.-1.0.0.0", "e1.0.0.0.0", "e2.a.b.c.d", "e2.1.2.3.4.5", "e3.1.2.3.4"])
  func aForeignCursorIsRefused(text: String) {
    let error = #expect(throws: SidecarError.self) { try LogCursor(parsing: text) }
    #expect(error?.faults.first?.pointer == "/after")
  }
}
