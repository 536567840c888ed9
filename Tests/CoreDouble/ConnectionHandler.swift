import NIOCore
import NIOHTTP1

/// One connection: gathers a request, asks the double, writes the answer in the way that the fault wants.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let double: CoreDouble
  private let connection: Int
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ double: CoreDouble, connection: Int) {
    self.double = double
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let bytes): body += bytes.readableBytesView
    case .end:
      guard let head else { return }
      let request = DoubleRequest(
        head.method.rawValue,
        head.uri,
        headers: head.headers.map { ($0.name, $0.value) },
        body: body,
        connection: connection
      )
      handle(request, isKeptAlive: head.isKeepAlive, context: context)
    }
  }

  /// A client may cut its connection whenever it likes.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func handle(_ request: DoubleRequest, isKeptAlive: Bool, context: ChannelHandlerContext) {
    let writer = AnswerWriter(context: context, handler: self, isKeptAlive: isKeptAlive)
    if request.path.hasPrefix(ControlEndpoint.prefix) {
      writer.write(ControlEndpoint(double: double).answer(request))
      return
    }
    let (index, fault) = double.received(request)
    func answer() -> DoubleResponse {
      let response = double.answer(request)
      double.answered(index, status: response.status, request: request)
      return response
    }
    switch fault {
    case nil: writer.write(answer())
    case .refuse: context.close(promise: nil)
    case .dropAnswer:
      _ = double.answer(request)
      context.close(promise: nil)
    case .delay(let milliseconds):
      let response = answer()
      writer.after(milliseconds) { writer.write(response) }
    case .hold(let milliseconds): writer.after(milliseconds) { writer.write(answer()) }
    case .trickle(let bytes, let interval): writer.trickle(answer(), bytes: bytes, every: interval)
    case .truncate(let bytes): writer.truncate(answer(), after: bytes)
    case .answer(let response):
      double.answered(index, status: response.status, request: request)
      writer.write(response)
    }
  }
}

/// Writes one answer, on the connection's event loop.
private struct AnswerWriter {
  let context: ChannelHandlerContext
  let handler: ConnectionHandler
  let isKeptAlive: Bool

  func write(_ response: DoubleResponse) {
    writeHead(response)
    writePart(response.body[...])
    finish()
  }

  /// Runs later, if the connection is still there.
  func after(_ milliseconds: Milliseconds, _ action: @escaping () -> Void) {
    let context = context
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
      if context.channel.isActive { action() }
    }
  }

  func trickle(_ response: DoubleResponse, bytes: Int, every interval: Milliseconds) {
    writeHead(response)
    context.flush()
    trickle(response.body[...], bytes: bytes, every: interval)
  }

  private func trickle(_ rest: ArraySlice<UInt8>, bytes: Int, every interval: Milliseconds) {
    guard !rest.isEmpty else {
      finish()
      return
    }
    after(interval) {
      writePart(rest.prefix(bytes))
      context.flush()
      trickle(rest.dropFirst(bytes), bytes: bytes, every: interval)
    }
  }

  func truncate(_ response: DoubleResponse, after bytes: Int) {
    writeHead(response)
    writePart(response.body.prefix(bytes))
    context.flush()
    context.close(promise: nil)
  }

  private func writeHead(_ response: DoubleResponse) {
    var headers = HTTPHeaders()
    for (name, value) in response.headers { headers.add(name: name, value: value) }
    headers.add(name: "Content-Length", value: String(response.body.count))
    if !isKeptAlive { headers.add(name: "Connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: response.status)
    context.write(
      handler.wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))),
      promise: nil
    )
  }

  private func writePart(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    context.write(handler.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
  }

  private func finish() {
    let closed = isKeptAlive ? nil : context.eventLoop.makePromise(of: Void.self)
    if let closed {
      let channel = context.channel
      closed.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }
    context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: closed)
  }
}
