import NIOCore
import NIOPosix
import Synchronization

/// A forward proxy that knows CONNECT alone, and remembers what it was asked.
final class TunnelProxy: Sendable {
  private let channel: any Channel
  private let heads: HeadLog

  /// `authorization`: what the header Proxy-Authorization must be; others are answered 407.
  init(authorization: String? = nil, refusing: Bool = false) async throws {
    let heads = HeadLog()
    self.heads = heads
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = Tunnel(heads: heads, authorization: authorization, refusing: refusing)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  var place: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
  /// The first line of each request.
  var requests: [String] { heads.lines.withLock { $0 } }

  func close() async throws { try await channel.close() }

  private final class HeadLog: Sendable {
    let lines = Mutex<[String]>([])
  }

  private final class Tunnel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let heads: HeadLog
    private let authorization: String?
    private let refusing: Bool
    private var head = ""
    private var peer: (any Channel)?

    init(heads: HeadLog, authorization: String?, refusing: Bool) {
      self.heads = heads
      self.authorization = authorization
      self.refusing = refusing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      if let peer {
        peer.writeAndFlush(bytes, promise: nil)
        return
      }
      head += String(buffer: bytes)
      guard head.hasSuffix("\r\n\r\n") else { return }
      let words = head.split(separator: " ")
      heads.lines.withLock { $0.append(String(head.prefix { $0 != "\r\n" })) }
      if let authorization, !head.lowercased().contains("proxy-authorization: \(authorization.lowercased())") {
        answer(context, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        return
      }
      let place = words[1].split(separator: ":")
      guard !refusing, words[0] == "CONNECT", place.count == 2, let port = Int(place[1]) else {
        answer(context, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
      }
      let client = context.channel
      let context = NIOLoopBound(context, eventLoop: context.eventLoop)
      ClientBootstrap(group: client.eventLoop)
        .channelInitializer { peer in
          peer.eventLoop.makeCompletedFuture { try peer.pipeline.syncOperations.addHandler(Back(to: client)) }
        }
        .connect(host: "127.0.0.1", port: port)
        .assumeIsolated().whenComplete { result in
          guard case .success(let peer) = result else {
            self.answer(context.value, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
          }
          self.peer = peer
          self.answer(context.value, "HTTP/1.1 200 Connection established\r\n\r\n")
        }
    }

    func channelInactive(context: ChannelHandlerContext) { peer?.close(promise: nil) }

    private func answer(_ context: ChannelHandlerContext, _ text: String) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
  }

  private final class Back: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let client: any Channel

    init(to client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
  }
}
