import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// The HTTP client of all platforms. Nothing is created before the first request (threads cost start-up time).
/// Short requests and long-lived ones have a client each: open streams would use up the pool's connections, and the
/// next short request would fail with a misleading connect timeout.
package final class HTTPTransport: Sendable {
  private struct Clients {
    var short: HTTPClient?
    var long: HTTPClient?
    var isShutDown = false
  }

  private let clients = Mutex(Clients())
  private let connectTimeout: Duration

  package init(connectTimeout: Duration = .seconds(10)) { self.connectTimeout = connectTimeout }

  /// Sends, and returns at the head of the answer, whatever its status. Throws `HTTPError`, or `CancellationError`
  /// where the task is cancelled.
  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let client = try client(longLived: request.longLived)
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
    // Go's server answers 400 to a Host with slashes, which the socket's path would make.
    if request.url.hasPrefix("http+unix:") { outgoing.headers.replaceOrAdd(name: "Host", value: "localhost") }
    if let body = request.body { outgoing.body = .bytes(body) }
    if let file = request.file {
      outgoing.body = .stream(HTTPFileChunks(file: file), length: .known(Int64(file.length)))
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
      throw Self.translated(error)
    }
  }

  /// Ends both clients and whatever they are doing. Later requests are refused.
  package func shutdown() async {
    let ending = clients.withLock { clients in
      defer { clients = Clients(isShutDown: true) }
      return [clients.short, clients.long].compactMap(\.self)
    }
    // A client that is already shut down is the only error here, and no harm.
    for client in ending { try? await client.shutdown() }
  }

  private func client(longLived: Bool) throws -> HTTPClient {
    try clients.withLock { clients in
      guard !clients.isShutDown else { throw HTTPError.other("the HTTP client is shut down") }
      if let client = longLived ? clients.long : clients.short { return client }
      var configuration = HTTPClient.Configuration()
      configuration.timeout.connect = .nanoseconds(Int64(connectTimeout / .nanoseconds(1)))
      configuration.redirectConfiguration = .disallow
      configuration.httpVersion = .http1Only
      // Trying a dead socket again for half a minute helps nobody: the caller knows better when to retry.
      configuration.connectionPool.retryConnectionEstablishment = false
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = longLived ? 4096 : 8
      if !longLived { configuration.timeout.read = .seconds(120) }
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      if longLived { clients.long = client } else { clients.short = client }
      return client
    }
  }

  static func translated(_ error: any Error) -> any Error {
    switch error {
    case is CancellationError, is HTTPError: return error
    case let error as HTTPClientError:
      switch error {
      case .cancelled: return CancellationError()
      case .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout,
        .tlsHandshakeTimeout:
        return HTTPError.timeout(error.shortDescription)
      case .remoteConnectionClosed: return HTTPError.closed(error.shortDescription)
      default: return HTTPError.other(error.shortDescription)
      }
    case let error as IOError:
      return isConnectFailure(error.errnoCode) ? HTTPError.refused("\(error)") : HTTPError.closed("\(error)")
    case is ChannelError: return HTTPError.refused("\(error)")
    default:
      let text = "\(error)"
      return text.contains("connect") ? HTTPError.refused(text) : HTTPError.closed(text)
    }
  }

  private static func isConnectFailure(_ code: CInt) -> Bool {
    // ENOENT, EACCES, EPERM, ECONNREFUSED on Linux.
    [2, 13, 1, 111].contains(code)
  }
}
