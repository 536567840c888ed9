import JSON
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A DigitalHub Core to test against: a real HTTP server on 127.0.0.1 that accepts, refuses, merges and moves as Core
/// does at levels 13, 14 and 15 (contract.md). `start` it, `stop` it; as many in a process as one likes. `Fate` says how
/// a run's own spec scripts what becomes of it, `Fault` what may go wrong on the way.
package final class CoreDouble: Sendable {
  private struct Kept {
    var core: CoreState
    var clock: DoubleClock
    var faults = FaultTable()
    var requests: [DoubleRequest] = []
    var connections = 0
    var channels: [ObjectIdentifier: any Channel] = [:]
    var listener: (any Channel)?
  }

  private let kept: Mutex<Kept>

  private init(_ options: DoubleOptions) {
    kept = Mutex(Kept(core: CoreState(options: options), clock: DoubleClock(isManual: options.isTimeManual)))
  }

  /// Listens once it returns. `port` 0: any that is free. `handlers` makes what stands before HTTP in each connection's
  /// pipeline, TLS for one. Throws what binding throws.
  package static func start(
    _ options: DoubleOptions = DoubleOptions(),
    port: Int = 0,
    handlers: (@Sendable () throws -> [any ChannelHandler & Sendable])? = nil
  ) async throws -> CoreDouble {
    let double = CoreDouble(options)
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let connection = double.opened(channel)
          for handler in try handlers?() ?? [] { try channel.pipeline.syncOperations.addHandler(handler) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ConnectionHandler(double, connection: connection))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    double.kept.withLock { $0.listener = listener }
    return double
  }

  package var port: Int { kept.withLock { $0.listener?.localAddress?.port ?? 0 } }

  package var endpoint: String { "http://127.0.0.1:\(port)" }

  /// Refuses new connections and closes those that are open. The state stays readable.
  package func stop() async {
    let channels = kept.withLock { kept in [kept.listener].compactMap(\.self) + kept.channels.values }
    // A channel that has closed by itself meanwhile is the only error here.
    for channel in channels { try? await channel.close().get() }
  }

  /// Closes the connections that are open, as a restart of Core or a proxy would.
  package func closeConnections() async {
    for channel in kept.withLock({ Array($0.channels.values) }) { try? await channel.close().get() }
  }

  // MARK: What was asked

  /// Every request since the start or the last reset, in order, those that met a fault included.
  package var requests: [DoubleRequest] { kept.withLock { $0.requests } }

  /// How many of them had this method and a path with this part.
  package func count(_ method: String, _ path: String = "") -> Int {
    requests.count { $0.method == method && $0.path.contains(path) }
  }

  /// Connections accepted since the start or the last reset.
  package var connections: Int { kept.withLock { $0.connections } }

  package func resetRequests() {
    kept.withLock { kept in
      kept.requests = []
      kept.connections = 0
    }
  }

  // MARK: What it does

  package func inject(_ fault: Fault) { kept.withLock { $0.faults.add(fault) } }

  package func clearFaults() { kept.withLock { $0.faults.removeAll() } }

  package var options: DoubleOptions { kept.withLock { $0.core.options } }

  /// Changes options from the next request on; runs that are under way keep their timetable. Nothing changes where
  /// `change` throws.
  package func configure<Failure: Error>(_ change: (inout DoubleOptions) throws(Failure) -> Void) throws(Failure) {
    try kept.withLock { (kept) throws(Failure) in
      var options = kept.core.options
      try change(&options)
      kept.core.options = options
      kept.clock.isManual = options.isTimeManual
    }
  }

  /// Moves the double's time, manual or not.
  package func advance(by milliseconds: Milliseconds) { kept.withLock { $0.clock.advance(by: milliseconds) } }

  /// Puts a run into any state, even one that Core does not have, and leaves it there. False where there is no such run.
  package func force(run id: String, state: String, message: String? = nil) -> Bool {
    kept.withLock { kept in
      guard var run = kept.core.runs[id] else { return false }
      run.run?.force(state, message: message, at: kept.clock.now())
      kept.core.runs[id] = run
      return true
    }
  }

  /// Access tokens given out so far are good no more; with `refresh` refresh tokens neither.
  package func expireTokens(refresh: Bool = false) {
    kept.withLock { kept in
      kept.core.tokens.expireAccess()
      if refresh { kept.core.tokens.revokeRefresh() }
    }
  }

  /// Forgets all entities, tokens, faults and requests; options stay.
  package func reset() {
    kept.withLock { kept in
      kept.core = CoreState(options: kept.core.options)
      kept.faults.removeAll()
      kept.requests = []
      kept.connections = 0
    }
  }

  // MARK: For the connections

  private func opened(_ channel: any Channel) -> Int {
    let id = ObjectIdentifier(channel)
    channel.closeFuture.whenComplete { [kept = WeakDouble(self)] _ in
      kept.double?.kept.withLock { $0.channels[id] = nil }
    }
    return kept.withLock { kept in
      kept.channels[id] = channel
      kept.connections += 1
      return kept.connections
    }
  }

  /// Records the request and says what goes wrong with it.
  func received(_ request: DoubleRequest) -> (index: Int, fault: Fault.Kind?) {
    kept.withLock { kept in
      var request = request
      request.time = kept.clock.now()
      kept.requests.append(request)
      return (kept.requests.count - 1, kept.faults.take(for: request))
    }
  }

  /// Carries the request out.
  func answer(_ request: DoubleRequest) -> DoubleResponse {
    kept.withLock { kept in kept.core.answer(request, now: kept.clock.now()) }
  }

  /// Notes the status that is about to go out.
  func answered(_ index: Int, status: Int, request: DoubleRequest) {
    kept.withLock { kept in
      // A reset may have come between.
      guard kept.requests.indices.contains(index), kept.requests[index].path == request.path else { return }
      kept.requests[index].status = status
    }
  }
}

/// Keeps a closing channel from keeping the double.
private final class WeakDouble: Sendable {
  private weak let reference: CoreDouble?

  init(_ double: CoreDouble) { reference = double }

  var double: CoreDouble? { reference }
}
