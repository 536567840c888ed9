import JSON
import JSONRPC
import Testing

/// Every example of the JSON-RPC 2.0 specification, section 7. This server takes params by name only, so the examples
/// with positional params answer -32602, and messages are its own; codes, ids and the number of answers are the
/// specification's.
@Suite("JSON-RPC 2.0, section 7")
struct SpecificationTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    let sent: String
    /// (id, result or error code) of each answer; nil: no answer at all.
    let answers: [JSONValue]?
    var isBatch = false
    var testDescription: String { name }
  }

  static let examples = [
    Example(
      name: "positional",
      sent: #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
      answers: [[1, -32602]]
    ),
    Example(
      name: "positional, reversed",
      sent: #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
      answers: [[2, -32602]]
    ),
    Example(
      name: "named",
      sent: #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
      answers: [[3, ["result": 19]]]
    ),
    Example(
      name: "named, reversed",
      sent: #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
      answers: [[4, ["result": 19]]]
    ),
    Example(
      name: "notification",
      sent: #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
      answers: nil
    ),
    Example(name: "notification without params", sent: #"{"jsonrpc": "2.0", "method": "foobar"}"#, answers: nil),
    Example(
      name: "unknown method",
      sent: #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
      answers: [["1", -32601]]
    ),
    Example(
      name: "invalid JSON",
      sent: #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
      answers: [[nil, -32700]]
    ),
    Example(
      name: "invalid request",
      sent: #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
      answers: [[nil, -32600]]
    ),
    Example(
      name: "batch, invalid JSON",
      sent: #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]"#,
      answers: [[nil, -32700]]
    ),
    Example(name: "empty batch", sent: "[]", answers: [[nil, -32600]]),
    Example(name: "invalid batch", sent: "[1]", answers: [[nil, -32600]], isBatch: true),
    Example(
      name: "invalid batch of three",
      sent: "[1,2,3]",
      answers: [[nil, -32600], [nil, -32600], [nil, -32600]],
      isBatch: true
    ),
    Example(
      name: "mixed batch",
      sent: """
        [{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},\
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},\
        {"foo": "boo"},\
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},\
        {"jsonrpc": "2.0", "method": "echo", "id": "9"}]
        """,
      answers: [["1", -32602], ["2", -32602], [nil, -32600], ["5", -32601], ["9", ["result": [:]]]],
      isBatch: true
    ),
    Example(
      name: "batch of notifications",
      sent: #"[{"jsonrpc": "2.0", "method": "notify_sum"}, {"jsonrpc": "2.0", "method": "notify_hello"}]"#,
      answers: nil
    ),
  ]

  @Test("Example", arguments: examples)
  func example(_ example: Example) async throws {
    let server = TestServer()
    server.send(example.sent + "\n" + #"{"jsonrpc":"2.0","id":"end","method":"echo"}"# + "\n")
    if let expected = example.answers {
      let line = try #require(await server.line())
      let answers = example.isBatch ? try #require(line.arrayValue) : [line]
      #expect(answers.map(Self.summary) == expected)
    }
    #expect(await server.line()?["id"] == "end")
    server.endInput()
    #expect(await server.exitCode() == 0)
  }

  static func summary(_ answer: JSONValue) -> JSONValue {
    let outcome: JSONValue = answer["error"]?["code"] ?? ["result": answer["result"] ?? "missing"]
    return [answer["id"] ?? "missing", outcome]
  }
}
