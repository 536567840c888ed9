import Glibc
import Model
import Platform

/// Turns an engine's log stream (8-byte header: stream, three zeros, big-endian length; then the frame) into lines.
/// Chunks may end anywhere, a line may take several frames, and its line break may be a frame of its own. Every frame
/// begins with the timestamp of its message, since the logs are asked for with `timestamps=1`.
///
/// A log may have millions of lines that nobody wants (they were given before), so a line is handed over as bytes,
/// and nothing is made of those that are passed over.
struct LogDemultiplexer {
  /// One line, without its line break; its bytes are there only during the call that hands it over.
  struct Line {
    var stream: LogEntry.Stream
    /// Nanoseconds since 1970: of its last frame, since a log that is read from a later moment on may have only that one. A
    /// part of a line that is too long has its first frame's.
    var time: Int64
    /// Of its first frame.
    var start: Int64
    var bytes: UnsafeBufferPointer<UInt8>
    /// False for a line that its program left without a line break.
    var isEnded = true
    /// How many bytes of it, before these, were given already.
    var passed = 0

    func entry(container: String) -> LogEntry {
      LogEntry(
        timestamp: Timestamp(nanoseconds: time),
        stream: stream,
        container: container,
        // Bytes that are not UTF-8 become U+FFFD.
        text: String(decoding: bytes, as: UTF8.self)
      )
    }
  }

  private struct Partial {
    var start: Int64
    /// Of the last frame so far.
    var time: Int64
    var bytes: [UInt8]
  }

  /// What a line may have; a longer one is given in parts of this size, so that a program that never ends a line
  /// can't fill the memory.
  static let longestLine = 1 << 20
  private static let longestFrame = 16 << 20

  /// Whether a line came in several frames so far. Docker's `tail` counts these, not lines.
  private(set) var hasJoined = false
  private var buffer: [UInt8] = []
  private var stdout: Partial?
  private var stderr: Partial?
  private var times = EngineTimeReader()

  /// Hands over the lines that the chunk completes. Throws `engine_error` for what is no such stream.
  mutating func read(_ chunk: [UInt8], _ take: (Line) -> Void) throws {
    if buffer.isEmpty {
      let used = try readFrames(chunk, take)
      if used < chunk.count { buffer = Array(chunk[used...]) }
      return
    }
    buffer += chunk
    let bytes = buffer
    buffer = []
    let used = try readFrames(bytes, take)
    if used < bytes.count { buffer = Array(bytes[used...]) }
  }

  /// The lines without an end; only once the program has ended are they complete.
  mutating func rest(_ take: (Line) -> Void) {
    for stream in [LogEntry.Stream.stdout, .stderr] {
      guard let partial = self[stream] else { continue }
      self[stream] = nil
      Self.hand(stream, partial, partial.time, partial.bytes, isEnded: false, take)
    }
  }

  private subscript(stream: LogEntry.Stream) -> Partial? {
    get { stream == .stdout ? stdout : stderr }
    set { if stream == .stdout { stdout = newValue } else { stderr = newValue } }
  }

  /// How many bytes were used.
  private mutating func readFrames(_ bytes: [UInt8], _ take: (Line) -> Void) throws -> Int {
    try bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      while bytes.count - position >= 8 {
        let length =
          Int(bytes[position + 4]) << 24 | Int(bytes[position + 5]) << 16 | Int(bytes[position + 6]) << 8
          | Int(bytes[position + 7])
        guard length <= Self.longestFrame, bytes[position] <= 3 else {
          throw SidecarError(.engineError, "The engine's log is not the stream of frames that its API promises.")
        }
        let end = position + 8 + length
        guard end <= bytes.count else { break }
        let frame = UnsafeBufferPointer(rebasing: bytes[(position + 8)..<end])
        readLines(frame, bytes[position] == 2 ? .stderr : .stdout, take)
        position = end
      }
      return position
    }
  }

  private mutating func readLines(
    _ frame: UnsafeBufferPointer<UInt8>,
    _ stream: LogEntry.Stream,
    _ take: (Line) -> Void
  ) {
    guard let base = frame.baseAddress else { return }
    var start = 0
    while start < frame.count {
      let found = memchr(base + start, CInt(UInt8(ascii: "\n")), frame.count - start)
      let end = found.map { UnsafeRawPointer(base).distance(to: UnsafeRawPointer($0)) } ?? frame.count
      var text = UnsafeBufferPointer(rebasing: frame[start..<end])
      start = end + 1
      let time = takeTime(off: &text)
      if found != nil, self[stream] == nil, text.count <= Self.longestLine {
        take(Line(stream: stream, time: time ?? 0, start: time ?? 0, bytes: Self.withoutCarriageReturn(text)))
        continue
      }
      if self[stream] != nil, !text.isEmpty { hasJoined = true }
      var partial = self[stream] ?? Partial(start: time ?? 0, time: time ?? 0, bytes: [])
      self[stream] = nil
      partial.time = time ?? partial.time
      partial.bytes += text
      while partial.bytes.count > Self.longestLine {
        Self.hand(stream, partial, partial.start, Array(partial.bytes[..<Self.longestLine]), take)
        partial.bytes.removeFirst(Self.longestLine)
      }
      if found == nil {
        self[stream] = partial
      } else {
        Self.hand(stream, partial, partial.time, partial.bytes, take)
      }
    }
  }

  /// Nil, and the text as it was, where it doesn't begin with a time and a space.
  private mutating func takeTime(off text: inout UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let base = text.baseAddress else { return nil }
    let space = memchr(base, CInt(UInt8(ascii: " ")), min(text.count, 41))
    let end = space.map { UnsafeRawPointer(base).distance(to: UnsafeRawPointer($0)) } ?? text.count
    guard end <= 40, let time = times.nanoseconds(UnsafeBufferPointer(rebasing: text[..<end])) else { return nil }
    text = UnsafeBufferPointer(rebasing: text[min(end + 1, text.count)...])
    return time
  }

  private static func hand(
    _ stream: LogEntry.Stream,
    _ partial: Partial,
    _ time: Int64,
    _ bytes: [UInt8],
    isEnded: Bool = true,
    _ take: (Line) -> Void
  ) {
    bytes.withUnsafeBufferPointer {
      let bytes = withoutCarriageReturn($0)
      take(Line(stream: stream, time: time, start: partial.start, bytes: bytes, isEnded: isEnded))
    }
  }

  private static func withoutCarriageReturn(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    bytes.last == UInt8(ascii: "\r") ? UnsafeBufferPointer(rebasing: bytes.dropLast()) : bytes
  }
}
