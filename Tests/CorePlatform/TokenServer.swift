import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A token endpoint with what belongs to it, answered by the test's own function; remembers what it was asked.
final class TokenServer: Sendable {
  struct Request: Sendable, Hashable {
    var line: String
    var authorization: String?
    var body: String
  }

  struct Answer: Sendable {
    var status: Int
    var body: String

    init(_ status: Int, _ body: String) { (self.status, self.body) = (status, body) }
  }

  private final class State: Sendable {
    let requests = Mutex<[Request]>([])
  }

  private let channel: any Channel
  private let state = State()

  /// `answer` gets the server's URL too. Each answer takes `delay`.
  init(
    delay: TimeAmount = .zero,
    answer: @escaping @Sendable (_ request: Request, _ url: String) -> Answer
  ) async throws {
    let state = state
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          let handler = Handler(delay: delay) { request, url in
            state.requests.withLock { $0.append(request) }
            return answer(request, url)
          }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  /// Hands out access-2 and refresh-2, then -3, and so on; takes each refresh token once, the first being refresh-1.
  static func standard(delay: TimeAmount = .zero, extra: String = "") async throws -> TokenServer {
    let shared = Shared()
    return try await TokenServer(delay: delay) { request, url in
      switch request.line {
      case "GET /.well-known/openid-configuration": return Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#)
      case "POST /auth/token":
        let current = shared.value.load(ordering: .sequentiallyConsistent)
        let isPersonal = request.body.contains("subject_token=dhcp_pat")
        guard isPersonal || request.body.contains("refresh_token=refresh-\(current)&") else {
          return Answer(400, #"{"message": "invalid or missing refresh_token"}"#)
        }
        let next = shared.value.add(1, ordering: .sequentiallyConsistent).newValue
        return Answer(
          200,
          #"{"access_token": "access-\#(next)", "refresh_token": "refresh-\#(next)", "token_type": "Bearer", "#
            + #""expires_in": 3600, "client_id": "c", "issuer": "\#(url)"\#(extra)}"#
        )
      default: return Answer(404, "")
      }
    }
  }

  private final class Shared: Sendable {
    let value = Atomic(1)
  }

  var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
  var requests: [Request] { state.requests.withLock { $0 } }
  /// The bodies of what was posted to the token endpoint.
  var posts: [String] { requests.filter { $0.line == "POST /auth/token" }.map(\.body) }

  func close() async throws { try await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let delay: TimeAmount
    private let answer: @Sendable (Request, String) -> Answer
    private var request = Request(line: "", body: "")

    init(delay: TimeAmount, answer: @escaping @Sendable (Request, String) -> Answer) {
      self.delay = delay
      self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        let authorization = head.headers.first(name: "Authorization")
        request = Request(line: "\(head.method) \(head.uri)", authorization: authorization, body: "")
      case .body(let body): request.body += String(buffer: body)
      case .end:
        let answer = answer(request, "http://127.0.0.1:\(context.channel.localAddress?.port ?? 0)")
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.value.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.send(answer, context.value) }
      }
    }

    private func send(_ answer: Answer, _ context: ChannelHandlerContext) {
      let headers = HTTPHeaders([("Content-Length", "\(answer.body.utf8.count)")])
      let status = HTTPResponseStatus(statusCode: answer.status)
      context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
