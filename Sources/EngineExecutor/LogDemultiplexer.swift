import Model
import Platform

/// Turns an engine's log stream (8-byte header: stream, three zeros, big-endian length; then the frame) into lines.
/// Chunks may end anywhere, a line may take several frames, and its line break may be a frame of its own. Every frame
/// begins with the timestamp of its message, since the logs are asked for with `timestamps=1`.
struct LogDemultiplexer {
  private var buffer: [UInt8] = []
  private var partial: [LogEntry.Stream: (timestamp: Timestamp, text: [UInt8])] = [:]
  let container: String

  init(container: String) { self.container = container }

  mutating func entries(adding chunk: [UInt8]) -> [LogEntry] {
    buffer += chunk
    var entries: [LogEntry] = []
    var position = 0
    while buffer.count - position >= 8 {
      let length = buffer[(position + 4)..<(position + 8)].reduce(0) { $0 << 8 | Int($1) }
      guard buffer.count - position - 8 >= length else { break }
      let stream: LogEntry.Stream = buffer[position] == 2 ? .stderr : .stdout
      let frame = buffer[(position + 8)..<(position + 8 + length)]
      entries += read(frame, stream)
      position += 8 + length
    }
    buffer.removeFirst(position)
    return entries
  }

  /// The lines without an end; only once the program has ended are they complete.
  mutating func rest() -> [LogEntry] {
    defer { partial = [:] }
    return [LogEntry.Stream.stdout, .stderr].compactMap { stream in
      partial[stream].map { entry($0.timestamp, stream, $0.text) }
    }
  }

  private mutating func read(_ frame: ArraySlice<UInt8>, _ stream: LogEntry.Stream) -> [LogEntry] {
    var entries: [LogEntry] = []
    var rest = frame
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n"))
      var line = rest[..<(end ?? rest.endIndex)]
      rest = end.map { rest[($0 + 1)...] } ?? []
      var timestamp = partial[stream]?.timestamp ?? Timestamp(nanoseconds: 0)
      if let space = line.prefix(40).firstIndex(of: UInt8(ascii: " ")) ?? (line.count <= 40 ? line.endIndex : nil),
        let parsed = EngineTime.parse(String(decoding: line[..<space], as: UTF8.self))
      {
        if partial[stream] == nil { timestamp = parsed }
        line = line[min(space + 1, line.endIndex)...]
      }
      let text = (partial[stream]?.text ?? []) + line
      if end != nil {
        partial[stream] = nil
        entries.append(entry(timestamp, stream, text))
      } else {
        partial[stream] = (timestamp, text)
      }
    }
    return entries
  }

  private func entry(_ timestamp: Timestamp, _ stream: LogEntry.Stream, _ text: [UInt8]) -> LogEntry {
    LogEntry(
      timestamp: timestamp,
      stream: stream,
      container: container,
      text: String(decoding: text.last == UInt8(ascii: "\r") ? text.dropLast() : text[...], as: UTF8.self)
    )
  }
}
