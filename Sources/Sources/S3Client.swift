package import HTTP
package import Model
import Synchronization

/// GET, HEAD and PUT of objects. Every request is signed whole, its payload's hash included. A server in trouble is
/// asked up to three times; where the clocks differ, once more by the server's clock, which is then kept to.
package final class S3Client: Sendable {
  private enum Answer {
    case success(HTTPResponse)
    case refusal(S3Reply)
  }

  private static let attempts = 3
  /// S3 takes requests up to 15 minutes off.
  private static let toleratedSkew: Int64 = 5 * 60 * 1_000_000_000

  private let transport: HTTPTransport
  private let store: S3Store
  private let clock: @Sendable () -> Timestamp
  /// Nanoseconds by which the server's clock is ahead.
  private let skew = Mutex<Int64>(0)

  /// `clock` is another one in tests only.
  package init(
    _ store: S3Store,
    transport: HTTPTransport,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.store = store
    self.transport = transport
    self.clock = clock
  }

  /// The object's size in bytes; nil where there is none, and where these credentials may not know (S3 answers 403 for
  /// an object that isn't there to whom may not list the bucket). Throws a `SourceError`, or `CancellationError`.
  package func size(_ location: S3Location) async throws -> Int? {
    switch try await send("HEAD", location, doing: "look for \(location.uri)") {
    case .success(let response): return Int(response.header("Content-Length") ?? "") ?? 0
    case .refusal(let reply) where reply.status == 404 || reply.status == 403: return nil
    case .refusal(let reply): throw reply.error("look for \(location.uri)", location, store)
    }
  }

  /// Throws a `SourceError`, also beyond `limit` bytes, or `CancellationError`.
  package func get(_ location: S3Location, limit: Int) async throws -> [UInt8] {
    let doing = "read \(location.uri)"
    switch try await send("GET", location, doing: doing) {
    case .success(let response):
      do { return try await response.body(limit: limit) } catch let error as HTTPError {
        throw Self.unreachable(doing, error)
      }
    case .refusal(let reply): throw reply.error(doing, location, store)
    }
  }

  /// Hands over the object's bytes as they come. Throws a `SourceError`, what `take` throws, or `CancellationError`.
  package func read(_ location: S3Location, _ take: ([UInt8]) throws -> Void) async throws {
    let doing = "read \(location.uri)"
    switch try await send("GET", location, doing: doing) {
    case .success(let response):
      do {
        try await response.forEachChunk { chunk in
          try take(chunk)
          return true
        }
      } catch let error as HTTPError { throw Self.unreachable(doing, error) }
    case .refusal(let reply): throw reply.error(doing, location, store)
    }
  }

  /// Makes or replaces the object. `sha256` is hexadecimal, over the file's bytes. Throws a `SourceError`, or
  /// `CancellationError`.
  package func put(_ file: HTTPFile, sha256: String, _ location: S3Location) async throws {
    let doing = "put the source into \(location.uri)"
    switch try await send("PUT", location, file: file, payload: sha256, doing: doing) {
    // Read to its end, so that the connection can be used again.
    case .success(let response): _ = try? await response.body(limit: 1 << 16)
    case .refusal(let reply): throw reply.error(doing, location, store)
    }
  }

  private func send(
    _ method: String,
    _ location: S3Location,
    file: HTTPFile? = nil,
    payload: String = SigV4.emptyPayload,
    doing: String
  ) async throws -> Answer {
    var attempt = 1
    var hasSetClock = false
    while true {
      let failure: Answer
      do {
        let response = try await transport.send(signed(method, location, file, payload))
        guard !response.isSuccess else { return .success(response) }
        let reply = S3Reply(
          status: response.status,
          body: method == "HEAD" ? [] : try await response.body(limit: 1 << 16),
          bucketRegion: response.header("x-amz-bucket-region")
        )
        failure = .refusal(reply)
        if !hasSetClock, setClock(reply, date: response.header("Date"), method) {
          hasSetClock = true
          continue
        }
        guard reply.isTemporary else { return failure }
        guard attempt < Self.attempts else { return failure }
      } catch let error as HTTPError {
        guard attempt < Self.attempts, error.isWorthRepeating else { throw Self.unreachable(doing, error) }
      }
      // Doubling, and not in step with others.
      try await Task.sleep(for: .milliseconds((100 << attempt) + Int.random(in: 0..<100)))
      attempt += 1
    }
  }

  private func signed(
    _ method: String,
    _ location: S3Location,
    _ file: HTTPFile?,
    _ payload: String
  ) -> HTTPRequest {
    let address = store.address(location)
    let time = Timestamp(nanoseconds: clock().nanoseconds + skew.withLock { $0 })
    var headers = [
      ("Host", address.host), ("X-Amz-Content-Sha256", payload), ("X-Amz-Date", SigV4.basic(time)),
    ]
    if let token = store.credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
    let signature = SigV4(credentials: store.credentials, region: store.region).authorization(
      SigV4.Request(method, address.path, headers: headers.map { (name: $0.0, value: $0.1) }, payload: payload),
      time: time
    )
    headers.append(("Authorization", signature))
    var request = HTTPRequest(method, address.url, headers: headers.map { (name: $0.0, value: $0.1) })
    if let file {
      request.file = file
      request.headers.append((name: "Content-Type", value: "application/zip"))
      // An upload takes its time: beyond the usual minute a second for each 64 KiB.
      request.timeout = .seconds(60 + file.length >> 16)
      request.longLived = true
    }
    return request
  }

  /// True where the server's clock explains the refusal. An answer to HEAD can't name the reason, so the Date decides.
  private func setClock(_ reply: S3Reply, date: String?, _ method: String) -> Bool {
    guard reply.isTooSkewed || (method == "HEAD" && reply.status == 403) else { return false }
    guard let theirs = date.flatMap(HTTPDate.parse) else { return false }
    let difference = theirs.nanoseconds - clock().nanoseconds
    return skew.withLock { skew in
      guard abs(difference - skew) > Self.toleratedSkew else { return false }
      skew = difference
      return true
    }
  }

  private static func unreachable(_ doing: String, _ error: HTTPError) -> SourceError {
    if case .tooLarge(let limit) = error {
      return SourceError("can't \(doing): it is larger than \(SourceLimits.text(limit))")
    }
    return SourceError(
      "can't \(doing): the S3 server gave no answer",
      hint: "check AWS_ENDPOINT_URL and the network",
      cause: error.message
    )
  }
}

extension HTTPError {
  /// Requests here may be repeated whatever became of the first: they have the same effect twice.
  fileprivate var isWorthRepeating: Bool {
    switch self {
    case .closed, .refused: true
    case .timeout, .tooLarge, .untrusted, .other: false
    }
  }
}
