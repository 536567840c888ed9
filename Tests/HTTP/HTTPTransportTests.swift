import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import HTTP

/// Answers by path: `/ok` (two chunks), `/large`, `/cut` (closes in mid-body), `/silent` (never).
private final class Answers: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data), head.uri != "/silent" else { return }
    var headers = HTTPHeaders()
    headers.add(name: "X-Host", value: head.headers.first(name: "Host") ?? "")
    if head.uri == "/cut" { headers.add(name: "Content-Length", value: "100") }
    context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
    for _ in 0..<(head.uri == "/large" ? 100 : 2) {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "hello\n")))), promise: nil)
    }
    if head.uri == "/cut" {
      context.flush()
      context.close(promise: nil)
    } else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}

@Suite struct HTTPTransportTests {
  private func withServer(_ body: (HTTPTransport, String) async throws -> Void) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answers())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let transport = HTTPTransport()
    let result: Result<Void, any Error>
    do {
      try await body(transport, "http://127.0.0.1:\(server.localAddress?.port ?? 0)")
      result = .success(())
    } catch { result = .failure(error) }
    await transport.shutdown()
    try await server.close()
    try result.get()
  }

  @Test func aBodyComesWhole() async throws {
    try await withServer { transport, base in
      let response = try await transport.send(HTTPRequest("GET", base + "/ok"))
      #expect(response.status == 200)
      #expect(try await response.body() == Array("hello\nhello\n".utf8))
    }
  }

  @Test func aLimitIsKept() async throws {
    try await withServer { transport, base in
      let response = try await transport.send(HTTPRequest("GET", base + "/large"))
      await #expect(throws: HTTPError.tooLarge(limit: 100)) { try await response.body(limit: 100) }
    }
  }

  @Test func aCutAnswerIsClosed() async throws {
    try await withServer { transport, base in
      let error = await #expect(throws: HTTPError.self) {
        try await transport.send(HTTPRequest("GET", base + "/cut")).body()
      }
      guard case .closed = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func silenceIsATimeout() async throws {
    try await withServer { transport, base in
      let error = await #expect(throws: HTTPError.self) {
        try await transport.send(HTTPRequest("GET", base + "/silent", timeout: .milliseconds(100)))
      }
      guard case .timeout = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func cancellingEndsAWait() async throws {
    try await withServer { transport, base in
      let task = Task {
        _ = try await transport.send(HTTPRequest("GET", base + "/silent", timeout: nil, longLived: true))
      }
      try await Task.sleep(for: .milliseconds(50))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test func nobodyThereIsRefused() async throws {
    let transport = HTTPTransport()
    for url in ["http://127.0.0.1:1/", HTTPRequest.unixURL(socket: "/nowhere/x.sock", path: "/")] {
      let error = await #expect(throws: HTTPError.self) { try await transport.send(HTTPRequest("GET", url)) }
      guard case .refused = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    await transport.shutdown()
    await #expect(throws: HTTPError.self) { try await transport.send(HTTPRequest("GET", "http://127.0.0.1:1/")) }
  }
}
