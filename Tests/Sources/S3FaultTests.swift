import Foundation
import HTTP
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Sources

/// Answers in the order given, then with the last one for ever; keeps what was asked.
private final class Script: Sendable {
  struct Reply: Sendable {
    var status: Int
    var headers: [(String, String)] = []
    var body = ""
  }

  struct State {
    var replies: [Reply]
    var requests: [(method: String, date: String)] = []
  }

  let state: Mutex<State>
  init(_ replies: [Reply]) { state = Mutex(State(replies: replies)) }

  var requests: [(method: String, date: String)] { state.withLock { $0.requests } }

  func next(_ head: HTTPRequestHead) -> Reply {
    state.withLock { state in
      state.requests.append((head.method.rawValue, head.headers.first(name: "X-Amz-Date") ?? ""))
      return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
    }
  }
}

private final class Answers: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  let script: Script
  var head: HTTPRequestHead?

  init(_ script: Script) { self.script = script }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      let reply = script.next(head)
      guard reply.status != 0 else { return context.close(promise: nil) }
      var headers = HTTPHeaders(reply.headers)
      let body = head.method == .HEAD ? "" : reply.body
      headers.add(name: "Content-Length", value: String(body.utf8.count))
      let status = HTTPResponseStatus(statusCode: reply.status)
      context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}

@Suite struct S3FaultTests {
  private static let location = S3Location(bucket: "bucket", key: "k")
  private static let now = Timestamp(parsing: "2026-01-02T03:04:05Z") ?? .now()
  private static let skewed = Script.Reply(
    status: 403,
    headers: [("Date", "Fri, 02 Jan 2026 05:04:05 GMT")],
    body: "<Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message></Error>"
  )

  private func ask<Result: Sendable>(
    _ replies: [Script.Reply],
    _ body: (S3Client) async throws -> Result
  ) async throws -> (result: Swift.Result<Result, any Error>, requests: [(method: String, date: String)]) {
    let script = Script(replies)
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answers(script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let transport = HTTPTransport()
    let store = S3Store(
      endpoint: "http://127.0.0.1:\(server.localAddress?.port ?? 0)",
      credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret")
    )
    let client = S3Client(store, transport: transport, clock: { Self.now })
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await transport.shutdown()
    try await server.close()
    return (result, script.requests)
  }

  @Test func aClockThatIsWrongIsSetByTheServersOnceAndForAll() async throws {
    let (result, requests) = try await ask([Self.skewed, .init(status: 200, body: "a"), .init(status: 200, body: "b")])
    {
      (try await $0.get(Self.location, limit: 10), try await $0.get(Self.location, limit: 10)).1
    }
    #expect(try result.get() == Array("b".utf8))
    #expect(requests.map(\.date) == ["20260102T030405Z", "20260102T050405Z", "20260102T050405Z"])
  }

  @Test func aHeadCanNotNameTheReasonSoTheDateDecides() async throws {
    let there = Script.Reply(status: 200)
    #expect(try await ask([Self.skewed, there]) { try await $0.size(Self.location) }.requests.count == 2)
    let forbidden = Script.Reply(status: 403, headers: [("Date", "Fri, 02 Jan 2026 03:05:00 GMT")])
    let (result, requests) = try await ask([forbidden, there]) { try await $0.size(Self.location) }
    #expect(try result.get() == nil)
    #expect(requests.count == 1)
  }

  @Test func aClockThatStaysWrongIsAnError() async throws {
    let (result, requests) = try await ask([Self.skewed]) { try await $0.get(Self.location, limit: 10) }
    let error = try #require(throws: SourceError.self) { try result.get() }
    #expect(error.message.contains("clocks"))
    #expect(error.cause?.contains("too large") == true)
    #expect(requests.count == 2)
  }

  private static let troubles: [(replies: [Script.Reply], asked: Int, says: String?)] = [
    ([.init(status: 503), .init(status: 200)], 2, nil),
    ([.init(status: 0), .init(status: 200)], 2, nil),
    ([.init(status: 500, body: "<Error><Code>InternalError</Code></Error>")], 3, "in trouble"),
    ([.init(status: 0)], 3, "no answer"),
    ([.init(status: 403, body: "<html>proxy</html>")], 1, "may not"),
    ([.init(status: 400, body: "<Error><Code>ExpiredToken</Code><Message>old</Message></Error>")], 1, "expired"),
  ]

  @Test(arguments: troubles.indices) func aServerInTroubleIsAskedThreeTimes(index: Int) async throws {
    let (replies, asked, says) = Self.troubles[index]
    let file = HTTPFile(adopting: open("/dev/null", O_RDONLY), length: 0)
    let (result, requests) = try await ask(replies) {
      try await $0.put(file, sha256: SigV4.emptyPayload, Self.location)
    }
    #expect(requests.map(\.method) == [String](repeating: "PUT", count: asked))
    guard let says else {
      try result.get()
      return
    }
    let error = try #require(throws: SourceError.self) { try result.get() }
    #expect(error.message.contains(says), "\(error)")
  }

  @Test func aFileThatBecameShorterIsAnError() async throws {
    let folder = try TemporaryFolder()
    let file = HTTPFile(adopting: open(try folder.write("a", "12345"), O_RDONLY), length: 10)
    let (result, _) = try await ask([.init(status: 200)]) {
      try await $0.put(file, sha256: SigV4.emptyPayload, Self.location)
    }
    let error = try #require(throws: SourceError.self) { try result.get() }
    #expect(error.cause?.contains("shorter") == true, "\(error)")
  }

  @Test func dates() {
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp(parsing: "1994-11-06T08:49:37Z"))
    for text in ["", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Abc 1994 08:49:37 GMT"] {
      #expect(HTTPDate.parse(text) == nil)
    }
  }
}
