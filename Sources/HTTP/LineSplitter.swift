/// Cuts a stream of chunks into lines: a chunk may hold many lines, or a part of one.
package struct LineSplitter: Sendable {
  private var pending: [UInt8] = []

  package init() {}

  /// The lines that this chunk completes, without their line breaks (LF or CRLF).
  package mutating func lines(adding chunk: some Sequence<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for byte in chunk {
      guard byte == UInt8(ascii: "\n") else {
        pending.append(byte)
        continue
      }
      if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
      lines.append(pending)
      pending = []
    }
    return lines
  }

  /// What came after the last line break; nil where that is nothing.
  package mutating func rest() -> [UInt8]? {
    defer { pending = [] }
    return pending.isEmpty ? nil : pending
  }
}
