import Foundation
import JSON
import JSONRPC
import Synchronization
import Testing

@Suite("Connection")
struct ConnectionTests {
  private func request(_ id: Int, _ method: String, _ params: JSONValue = [:]) -> String {
    (["jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": params] as JSONValue).text() + "\n"
  }

  private func cancel(_ id: Int) -> String {
    #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(id)}}"# + "\n"
  }

  private func frame(_ text: String) -> String { "Content-Length: \(text.utf8.count)\r\n\r\n\(text)" }

  @Test(
    "Ids come back exactly",
    arguments: ["1", "-0", "1.50", "12345678901234567890", "1e3", #""é""#, #""""#, "null"]
  )
  func ids(id: String) async {
    let server = TestServer()
    server.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"echo","params":null}"# + "\n")
    #expect(await server.line()?["id"]?.text() == id)
    server.endInput()
  }

  @Test("Ids of other types are refused", arguments: ["true", "[1]", "{}"])
  func wrongIds(id: String) async {
    let server = TestServer()
    server.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"echo"}"# + "\n")
    let answer = await server.line()
    #expect(answer?["id"] == .null)
    #expect(answer?["error"]?["code"] == -32600)
    server.endInput()
  }

  @Test("An id in flight is refused, and free again after its answer")
  func duplicateId() async {
    let server = TestServer()
    server.send(request(1, "sleep", ["ms": 200]) + request(1, "echo"))
    #expect(await server.line()?["error"]?["code"] == -32600)
    #expect(await server.line()?["result"]?["ms"] == 200)
    server.send(request(1, "echo"))
    #expect(await server.line()?["result"] == [:])
    server.endInput()
  }

  @Test("Headers are answered with headers, at every split and byte by byte")
  func headersInKind() async {
    let text = #"{"jsonrpc":"2.0","id":7,"method":"echo","params":{"a":"ü"}}"#
    let server = TestServer()
    for byte in frame(text).utf8 { server.send([byte]) }
    server.endInput()
    let answer = #"{"jsonrpc":"2.0","id":7,"result":{"a":"ü"}}"#
    #expect(String(decoding: await server.rest(), as: UTF8.self) == frame(answer))
    #expect(await server.exitCode() == 0)
  }

  @Test("Errors of handlers keep their code; unknown ones go through the handler")
  func errors() async {
    let server = TestServer()
    server.send(request(1, "fail") + request(2, "surprise"))
    #expect(await server.line()?["error"] == ["code": 7, "message": "failed", "data": ["code": "failed"]])
    #expect(await server.line()?["error"]?["code"] == -32603)
    server.endInput()
  }

  // MARK: Order and cancellation

  @Test("A lane keeps its order; another lane and concurrent calls go on")
  func lanes() async {
    let server = TestServer()
    server.send(
      request(1, "laned", ["ms": 150, "name": "a"]) + request(2, "laned", ["ms": 30, "name": "b"])
        + request(3, "laned", ["ms": 0, "name": "c"]) + request(4, "laned", ["ms": 0, "name": "d", "lane": "other"])
    )
    var ids: [JSONValue?] = []
    for _ in 0..<4 { ids.append(await server.line()?["id"]) }
    #expect(ids == [4, 1, 2, 3])
    #expect(server.handler.order.withLock { $0 } == ["d", "a", "b", "c"])
    server.endInput()
  }

  @Test("A cancel answers at once: a running sleep, and a call that waits in its lane")
  func cancellation() async {
    let server = TestServer()
    server.send(
      request(1, "sleep", ["ms": 60000]) + request(2, "laned", ["ms": 8000, "name": "a"])
        + request(3, "laned", ["name": "b"]) + request(4, "laned", ["name": "c"]) + cancel(3) + cancel(1) + cancel(99)
    )
    let start = ContinuousClock.now
    let first = [await server.line(), await server.line()]
    // Well before the 8 s of call 2, however loaded the machine is: other tests hold the pool for seconds.
    #expect(ContinuousClock.now - start < .seconds(6))
    #expect(Set(first.map { $0?["id"]?.integerValue }) == [1, 3])
    #expect(first.allSatisfy { $0?["error"]?["code"] == -32800 })
    #expect(await server.line()?["id"] == 2)
    #expect(await server.line()?["id"] == 4)
    #expect(server.handler.order.withLock { $0 } == ["a", "c"])
    server.endInput()
  }

  @Test("A call that completes in spite of its cancel answers its result")
  func stubborn() async {
    let server = TestServer()
    server.send(request(1, "stubborn", ["ms": 100]) + cancel(1))
    #expect(await server.line()?["result"]?["ms"] == 100)
    server.endInput()
  }

  @Test("Progress goes to the token that the call named, before the answer")
  func progress() async {
    let server = TestServer()
    server.send(request(1, "progress", ["progress_token": "t"]))
    #expect(
      await server.line()?["params"]
        == ["token": "t", "value": ["kind": "begin", "message": "pulling", "total": 2, "unit": "layers"]]
    )
    #expect(await server.line()?["params"]?["value"] == ["kind": "end", "done": 2])
    #expect(await server.line()?["id"] == 1)
    server.endInput()
  }

  // MARK: Bounds

  @Test("A slow reader: calls are answered overloaded, then reading stops, memory stays bounded, nothing is lost")
  func overload() async {
    let server = TestServer(limits: ConnectionLimits(queuedBytes: 256 << 10))
    let count = 200
    let text = (0..<count).map { request($0, "large", ["bytes": 65536]) }.joined()
    Thread.detachNewThread {
      server.send(text)
      server.endInput()
    }
    _ = await eventually { server.connection.queuedBytes > 128 << 10 }
    try? await Task.sleep(for: .milliseconds(200))
    #expect(server.connection.queuedBytes < 600 << 10)
    let answers = String(decoding: await server.rest(), as: UTF8.self).split(separator: "\n")
    #expect(answers.count == count)
    let overloaded = answers.filter { $0.contains(#""code":5001"#) && $0.contains(#""retry_after_ms""#) }
    #expect(!overloaded.isEmpty)
    #expect(await server.exitCode() == 0)
  }

  @Test("Answers that a client reads late, after the end of the input, are not lost")
  func lateReader() async {
    let server = TestServer(limits: ConnectionLimits(graceMilliseconds: 100))
    server.send((0..<20).map { request($0, "large", ["bytes": 65536]) }.joined())
    server.endInput()
    try? await Task.sleep(for: .milliseconds(700))
    let answers = String(decoding: await server.rest(), as: UTF8.self).split(separator: "\n")
    #expect(answers.count == 20)
    #expect(await server.exitCode() == 0)
  }

  @Test("A client that never reads its last answers is given up in the end")
  func unreadAnswers() async {
    let server = TestServer(limits: ConnectionLimits(drainMilliseconds: 200))
    server.send((0..<20).map { request($0, "large", ["bytes": 65536]) }.joined())
    server.endInput()
    #expect(await server.exitCode() == 0)
  }

  @Test("Too many unanswered calls are refused")
  func inFlight() async {
    let server = TestServer(limits: ConnectionLimits(callsInFlight: 2))
    server.send((1...3).map { request($0, "sleep", ["ms": 100]) }.joined())
    let first = await server.line()
    #expect(first?["id"] == 3)
    #expect(first?["error"]?["code"] == 5001)
    server.endInput()
  }

  @Test("A producer of notifications waits for a slow reader, and a reply overtakes them")
  func flood() async {
    let server = TestServer(limits: ConnectionLimits(queuedBytes: 1 << 20))
    server.send(request(1, "flood", ["count": 5000]))
    try? await Task.sleep(for: .milliseconds(300))
    let sent = server.handler.order.withLock { $0.count }
    #expect(sent > 0 && sent < 1500)
    server.send(request(2, "echo"))
    var before = 0
    while let line = await server.line(), line["id"] != 2 { before += 1 }
    #expect(before < 1000)
    server.send(cancel(1))
    var last: JSONValue?
    repeat { last = await server.line() } while last?["method"] == "tick"
    #expect(last?["error"]?["code"] == -32800)
    server.endInput()
  }

  @Test("What begins after a reply sends nothing before it, in a batch too; without a reply it never begins")
  func afterReply() async {
    let server = TestServer()
    let calls = [request(1, "subscribe", ["ms": 50]), request(2, "sleep", ["ms": 150])]
    server.send("[" + calls.map { $0.dropLast() }.joined(separator: ",") + "]\n")
    #expect(await server.line()?.arrayValue?.count == 2)
    for number in 0..<3 { #expect(await server.line()?["params"]?["n"]?.integerValue == number) }
    server.send(#"{"jsonrpc":"2.0","method":"subscribe","params":{}}"# + "\n")
    server.send(request(3, "subscribe", ["ms": 60_000]))
    server.send(cancel(3))
    #expect(await server.line()?["error"]?["code"] == -32800)
    server.send(request(4, "sleep", ["ms": 50]))
    #expect(await server.line()?["id"] == 4)
    server.endInput()
    #expect(await server.rest().isEmpty)
  }

  @Test("A batch of notifications has a frame around each")
  func framedBatch() async {
    let server = TestServer()
    let call = Array(request(1, "subscribe").dropLast().utf8)
    server.send(Array("Content-Length: \(call.count)\r\n\r\n".utf8) + call)
    _ = await eventually { server.handler.order.withLock { $0 == ["told"] } }
    server.endInput()
    var decoder = FrameDecoder()
    var methods: [String?] = []
    decoder.feed(await server.rest()[...]) { event in
      if case .message(let bytes) = event { methods.append((try? JSONValue(parsing: bytes))?["method"]?.stringValue) }
    }
    #expect(methods == [nil, "tick", "tick", "tick"])
  }

  // MARK: Bad frames

  @Test("A line over the limit fails alone")
  func oversizedLine() async {
    let server = TestServer(limits: ConnectionLimits(message: JSONLimits(bytes: 1000)))
    server.send(String(repeating: "1", count: 300_000) + "\n" + request(1, "echo"))
    #expect(await server.line()?["error"]?["code"] == -32600)
    #expect(await server.line()?["id"] == 1)
    server.endInput()
  }

  @Test("Nesting beyond the limit and broken UTF-8 fail alone")
  func unparsable() async {
    let server = TestServer()
    server.send(String(repeating: "[", count: 1000) + "\n")
    server.send([0x22, 0xFF, 0x22, 0x0A])
    server.send(request(1, "echo"))
    #expect(await server.line()?["error"]?["data"]?["rule"] == "tooDeep")
    #expect(await server.line()?["error"]?["data"]?["rule"] == "invalidUTF8")
    #expect(await server.line()?["id"] == 1)
    server.endInput()
  }

  // MARK: Leaving

  @Test("At the end of the input read calls are answered; after the grace period the rest are cancelled")
  func endOfInput() async {
    let server = TestServer(limits: ConnectionLimits(graceMilliseconds: 3000))
    server.send(request(1, "sleep", ["ms": 50]) + request(2, "sleep", ["ms": 60000]) + request(3, "spawnSleep"))
    #expect(await server.line()?["id"] == 3)
    server.endInput()
    #expect(await server.line()?["result"]?["ms"] == 50)
    #expect(await server.line()?["error"]?["code"] == -32800)
    #expect(await server.exitCode() == 0)
    #expect(await eventually { server.handler.order.withLock { $0 == ["cancelled"] } })
  }

  @Test("A last line without a line feed counts")
  func lastLine() async {
    let server = TestServer()
    server.send(String(request(1, "echo").dropLast()))
    server.endInput()
    #expect(await server.line()?["id"] == 1)
    #expect(await server.exitCode() == 0)
  }

  @Test("exit is 1 without shutdown, 0 after it; after shutdown only exit is served")
  func exitCodes() async {
    let exit = #"{"jsonrpc":"2.0","method":"exit"}"# + "\n"
    let abrupt = TestServer()
    abrupt.send(exit)
    #expect(await abrupt.exitCode() == 1)
    let polite = TestServer()
    polite.send(request(1, "shutdown") + request(2, "echo") + exit)
    #expect(await polite.line() == ["jsonrpc": "2.0", "id": 1, "result": nil])
    #expect(await polite.line()?["error"]?["code"] == -32600)
    #expect(await polite.exitCode() == 0)
  }

  @Test("When nobody reads any more it leaves at once")
  func brokenPipe() async {
    let server = TestServer()
    close(server.fromServer)
    server.send(request(1, "echo"))
    #expect(await server.exitCode() == 0)
  }

  @Test("It leaves when the watched process is gone; one that can't be seen is a warning")
  func parent() async throws {
    let parent = Process()
    parent.executableURL = URL(fileURLWithPath: "/bin/sleep")
    parent.arguments = ["60"]
    try parent.run()
    let server = TestServer()
    server.send(request(1, "watch", ["pid": 2_000_000_000]))
    server.send(request(2, "watch", ["pid": .integer(Int(parent.processIdentifier))]))
    #expect(await server.line()?["id"] == 1)
    #expect(await server.line()?["id"] == 2)
    #expect(server.warnings.lines.withLock { $0.count } == 1)
    let start = ContinuousClock.now
    kill(parent.processIdentifier, SIGKILL)
    #expect(await server.exitCode() == 0)
    #expect(ContinuousClock.now - start < .seconds(2))
  }
}
