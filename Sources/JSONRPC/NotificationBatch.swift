package import JSON

/// Notifications that go out together, one after another: for producers of so many that one at a time would be slow.
package struct NotificationBatch: Sendable {
  /// Each message with a line feed behind it.
  package var lines: [UInt8] { bytes }
  private var bytes: [UInt8] = []
  /// Where each message ends, before its line feed.
  private var ends: [Int] = []

  package init() {}

  package var isEmpty: Bool { ends.isEmpty }
  /// In bytes.
  package var size: Int { bytes.count }

  package mutating func append(_ method: String, _ params: JSONObject) {
    append { bytes in
      let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
      message.write(to: &bytes)
    }
  }

  /// `write` appends one whole message, compact: without a line feed in it.
  package mutating func append(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    ends.append(bytes.count)
    bytes.append(0x0A)
  }

  package mutating func removeAll() {
    bytes = []
    ends = []
  }

  func framed(_ framing: Framing) -> [UInt8] {
    guard framing != .lines else { return bytes }
    var framed: [UInt8] = []
    framed.reserveCapacity(bytes.count + 32 * ends.count)
    var start = 0
    for end in ends {
      framed += framing.frame(Array(bytes[start..<end]))
      start = end + 1
    }
    return framed
  }
}
