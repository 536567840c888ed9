import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// The HTTP client of all platforms. Nothing is created before the first request (threads cost start-up time).
/// Short requests and long-lived ones have a client each: open streams would use up the pool's connections, and the
/// next short request would fail with a misleading connect timeout. So has each proxy, since a client knows but one.
package final class HTTPTransport: Sendable {
  private struct Kind: Hashable {
    var longLived: Bool
    /// Only then are certificates read.
    var isSecure: Bool
    var proxy: ProxyRules.Proxy?
  }

  private struct Clients {
    var byKind: [Kind: HTTPClient] = [:]
    var isShutDown = false
  }

  private let clients = Mutex(Clients())
  private let configuration: HTTPConfiguration
  private let executor: EventLoopExecutor?
  /// Whoever reads a long answer as fast as it comes does so here, on the thread that the network gives it to: with every
  /// piece handed from thread to thread, most of the time would go into that. Short requests have other threads.
  package let streams: EventLoopExecutor

  /// With an executor the requests are made on its loop; otherwise on the process's common ones.
  package init(_ configuration: HTTPConfiguration = HTTPConfiguration(), executor: EventLoopExecutor? = nil) {
    self.configuration = configuration
    self.executor = executor
    streams = executor ?? EventLoopExecutor()
  }

  /// Sends, and returns at the head of the answer, whatever its status. Throws `HTTPError`, or `CancellationError`
  /// where the task is cancelled.
  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let target = HTTPTarget(request.url)
    let proxy = try target.flatMap { target throws(HTTPError) in try configuration.proxies.proxy(for: target) }
    let client = try client(Kind(longLived: request.longLived, isSecure: target?.isSecure ?? false, proxy: proxy))
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
    // Go's server answers 400 to a Host with slashes, which the socket's path would make.
    if request.url.hasPrefix("http+unix:") { outgoing.headers.replaceOrAdd(name: "Host", value: "localhost") }
    if let body = request.body { outgoing.body = .bytes(body) }
    if let file = request.file {
      outgoing.body = .stream(HTTPFileChunks(file: file), length: .known(Int64(file.length)))
    }
    if let parts = request.parts {
      let length = parts.reduce(0) { $0 + $1.length }
      outgoing.body = .stream(HTTPPartChunks(parts: parts), length: .known(Int64(length)))
    }
    do {
      // The library's deadline would also cut the body short, so the time for the head is kept here.
      guard let timeout = request.timeout else {
        return HTTPResponse(try await client.execute(outgoing, deadline: .distantFuture))
      }
      let ready = outgoing
      return try await withThrowingTaskGroup(of: HTTPResponse?.self) { group in
        group.addTask { HTTPResponse(try await client.execute(ready, deadline: .distantFuture)) }
        group.addTask {
          try await Task.sleep(for: timeout)
          return nil
        }
        defer { group.cancelAll() }
        guard let response = try await group.next(), let response else {
          throw HTTPError.timeout("\(request.method) \(request.url)")
        }
        return response
      }
    } catch {
      throw HTTPError.translated(error, target: target, proxy: proxy)
    }
  }

  /// Sends, and returns with the whole answer, whatever its status; the request's time is kept for all of it. For short
  /// answers that are wanted soon: it costs about half of what `send` and reading the body do. Throws `HTTPError`
  /// (`tooLarge` beyond the limit), or `CancellationError` where the task is cancelled.
  package func exchange(_ request: HTTPRequest, limit: Int) async throws -> HTTPReply {
    let target = HTTPTarget(request.url)
    let proxy = try target.flatMap { target throws(HTTPError) in try configuration.proxies.proxy(for: target) }
    let client = try client(Kind(longLived: request.longLived, isSecure: target?.isSecure ?? false, proxy: proxy))
    do {
      let outgoing = try HTTPClient.Request(
        url: request.url,
        method: HTTPMethod(rawValue: request.method),
        headers: HTTPHeaders(request.headers.map { ($0.name, $0.value) }),
        body: request.body.map { .bytes($0) }
      )
      let under = client.execute(
        request: outgoing,
        delegate: ResponseAccumulator(request: outgoing, maxBodySize: limit),
        deadline: request.timeout.map { NIODeadline.now() + .nanoseconds(Int64($0 / .nanoseconds(1))) }
      )
      let response = try await withTaskCancellationHandler {
        try await under.futureResult.get()
      } onCancel: {
        under.cancel()
      }
      return HTTPReply(status: Int(response.status.code), headers: response.headers, body: response.body)
    } catch is ResponseAccumulator.ResponseTooBigError {
      throw HTTPError.tooLarge(limit: limit)
    } catch {
      throw HTTPError.translated(error, target: target, proxy: proxy)
    }
  }

  /// Ends all clients and whatever they are doing. Later requests are refused.
  package func shutdown() async {
    let ending = clients.withLock { clients in
      defer { clients = Clients(isShutDown: true) }
      return Array(clients.byKind.values)
    }
    // A client that is already shut down is the only error here, and no harm.
    for client in ending { try? await client.shutdown() }
  }

  private func client(_ kind: Kind) throws -> HTTPClient {
    try clients.withLock { clients in
      guard !clients.isShutDown else { throw HTTPError.other("the HTTP client is shut down") }
      if let client = clients.byKind[kind] { return client }
      var library = HTTPClient.Configuration()
      library.timeout.connect = .nanoseconds(Int64(configuration.connectTimeout / .nanoseconds(1)))
      library.redirectConfiguration = .disallow
      library.httpVersion = .http1Only
      // Nobody looks at the spans, and they cost more than our own part of a request.
      library.tracing.tracer = nil
      // Trying a dead socket again for half a minute helps nobody: the caller knows better when to retry.
      library.connectionPool.retryConnectionEstablishment = false
      library.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = kind.longLived ? 4096 : 8
      if !kind.longLived { library.timeout.read = .seconds(120) }
      if kind.isSecure { library.tlsConfiguration = try TrustStore(configuration: configuration).tlsConfiguration() }
      library.dnsOverride = configuration.addresses
      library.proxy = kind.proxy.map { proxy in
        .server(
          host: proxy.host,
          port: proxy.port,
          authorization: proxy.user.map { .basic(username: $0, password: proxy.password ?? "") }
        )
      }
      let client = HTTPClient(
        eventLoopGroupProvider: (kind.longLived ? streams : executor).map { .shared($0.eventLoopGroup) } ?? .singleton,
        configuration: library
      )
      clients.byKind[kind] = client
      return client
    }
  }
}
