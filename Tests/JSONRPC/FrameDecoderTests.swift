import JSONRPC
import Testing

@Suite("Frames")
struct FrameDecoderTests {
  /// Messages as text, failures as their code.
  private func decode(_ pieces: [ArraySlice<UInt8>], limit: Int = 1000) -> [String] {
    var decoder = FrameDecoder(limit: limit)
    var events: [String] = []
    func emit(_ event: FrameDecoder.Event) {
      switch event {
      case .message(let bytes): events.append(String(decoding: bytes, as: UTF8.self))
      case .failure(let error): events.append("\(error.code)")
      }
    }
    for piece in pieces { decoder.feed(piece, emit) }
    decoder.finish(emit)
    return events
  }

  static let streams: [(String, [String])] = [
    ("{}\n[]\n", ["{}", "[]"]),
    ("{}\r\n\r\n  \n[1]", ["{}\r", "[1]"]),
    ("  {}\n", ["  {}"]),
    (String(repeating: "1", count: 1001) + "\n{}\n", ["-32600", "{}"]),
    ("{}\n" + String(repeating: "1", count: 5000), ["{}", "-32600"]),
    ("Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", ["{}", "[1]"]),
    ("content-length:2\n\n{}\r\nCONTENT-LENGTH: 2\n\n[]", ["{}", "[]"]),
    ("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", ["{}"]),
    ("Content-Length: x\r\n\r\n{\"a\":1}Content-Length: 2\r\n\r\n{}", ["-32700", "{}"]),
    ("Content-Length: -2\r\n\r\n{}Content-Length: 2\r\n\r\n{}", ["-32700", "{}"]),
    ("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}Content-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Length 2\r\n\r\n{}Content-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Type: x\r\n\r\n{}Content-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Length: 99999999999999999999\r\n\r\n{}Content-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Length: 1\r\n\r\n{}Content-Length: 2\r\n\r\n[]", ["{", "-32700", "[]"]),
    (
      "Content-Length: 1001\r\n\r\n" + String(repeating: "1", count: 1001) + "Content-Length: 2\r\n\r\n[]",
      ["-32600", "[]"]
    ),
    ("X: " + String(repeating: "y", count: 9000) + "\r\n\r\nContent-Length: 2\r\n\r\n[]", ["-32700", "[]"]),
    ("Content-Length: 10\r\n\r\n{}", ["-32700"]),
    ("Content-Length: 10\r\n", ["-32700"]),
    ("", []),
  ]

  @Test("Whole, at every split, byte by byte", arguments: streams)
  func splits(stream: String, expected: [String]) {
    let bytes = Array(stream.utf8)
    #expect(decode([bytes[...]]) == expected)
    #expect(decode(bytes.indices.map { bytes[$0...$0] }) == expected)
    for split in bytes.indices.prefix(400) {
      #expect(decode([bytes[..<split], bytes[split...]]) == expected, "split at \(split)")
    }
  }

  @Test("What it frames it reads", arguments: [Framing.lines, .headers])
  func roundTrip(framing: Framing) {
    let stream = framing.frame(Array("{}".utf8)) + framing.frame(Array("[\"é\"]".utf8))
    #expect(decode([stream[...]]) == ["{}", "[\"é\"]"])
  }
}
