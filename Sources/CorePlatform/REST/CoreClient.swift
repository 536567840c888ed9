internal import HTTP
internal import JSON
internal import Model
internal import Synchronization

/// Who we are to Core: the value of the Authorization header.
protocol CoreAuthorizing: Sendable {
  /// Nil where the server wants none.
  func header() async throws(SidecarError) -> String?
  /// A newer one after a 401 to `rejected`; one renewal serves all calls in flight. Throws where there is none to be had.
  func renewed(rejected: String?) async throws(SidecarError) -> String?
  /// The error of a 401 that a renewal did not help, and of a 403, with the server's words.
  func refusal(status: Int, words: String?) async -> SidecarError
}

extension CoreAuthorization: CoreAuthorizing {}

/// Core's REST API over HTTP: credentials, retries, the level that the server tells, JSON in and out. Errors are
/// `SidecarError`s with Core's own words.
final class CoreClient: Sendable {
  let endpoint: String
  private let transport: HTTPTransport
  private let authorization: any CoreAuthorizing
  private let retry: RetryPolicy
  private let timeout: Duration
  private let state: Mutex<State>

  private struct State {
    var facts: ServerFacts
    var configuration: (value: JSONObject, at: ContinuousClock.Instant)?
  }

  /// `level` forces a dialect, whatever the server says.
  init(
    endpoint: String,
    transport: HTTPTransport,
    authorization: any CoreAuthorizing,
    level: Int? = nil,
    retry: RetryPolicy = .standard,
    timeout: Duration = .seconds(60)
  ) {
    self.endpoint = endpoint
    self.transport = transport
    self.authorization = authorization
    self.retry = retry
    self.timeout = timeout
    state = Mutex(State(facts: ServerFacts(level: level, levelSource: level.map { _ in .setting })))
  }

  // MARK: The server

  var facts: ServerFacts { state.withLock { $0.facts } }

  /// What the server's release wants; asks the server for it where no answer has told yet.
  func dialect() async throws -> (dialect: any Dialect, warning: Warning?) {
    if facts.level == nil { _ = try await configuration() }
    return facts.dialect
  }

  /// The server's public configuration; remembered for as long as `maximumAge`.
  func configuration(maximumAge: Duration = .seconds(60)) async throws -> JSONObject {
    if let known = state.withLock({ $0.configuration }), known.at.duration(to: .now) < maximumAge { return known.value }
    let answer = try await send(.wellKnown, "its configuration")
    guard answer.isSuccess, let configuration = answer.json.objectValue else {
      throw CoreRefusal.error(answer, "its configuration")
    }
    state.withLock {
      $0.configuration = (configuration, .now)
      $0.facts.read(configuration: configuration)
    }
    return configuration
  }

  // MARK: Requests

  /// A success's JSON. `what` names what is asked for; `missing` is the error of a 404.
  func json(_ request: CoreRequest, _ what: String, missing: SidecarError? = nil) async throws -> JSONValue {
    let answer = try await send(request, what)
    guard answer.isSuccess else { throw CoreRefusal.error(answer, what, missing: missing) }
    return answer.json
  }

  /// The answer, whatever its status: sent again where that is safe and may help, renewed credentials included. Throws
  /// where none came, or none that is Core's.
  func send(_ request: CoreRequest, _ what: String) async throws -> CoreAnswer {
    var attempt = 1
    var renewals = 0
    let isPublic = request == .wellKnown
    var header = isPublic ? nil : try await authorization.header()
    while true {
      let failure: SidecarError
      var retryAfter: Double?
      do {
        let response = try await exchange(request, header)
        if response.status == 401, !isPublic, renewals == 0 {
          renewals += 1
          header = try await authorization.renewed(rejected: header)
          continue
        }
        let refusal = CoreAnswer(status: response.status, json: response.json ?? .null, attempts: attempt)
        if response.status == 401 || response.status == 403 {
          let words = "HTTP \(response.status)" + (refusal.message.map { ": \($0)" } ?? "")
          throw await authorization.refusal(status: response.status, words: words)
        }
        guard retry.retries(status: response.status, method: request.method) else {
          guard response.json != nil else { throw Self.noJSON(response, what) }
          return refusal
        }
        retryAfter = response.retryAfterSeconds
        failure = CoreRefusal.error(refusal, what)
      } catch let error as HTTPError {
        failure = Self.unreachable(endpoint, error)
        if failure.code == .untrustedServer { throw failure }
      }
      let jitter = Double.random(in: 0...1)
      guard let delay = retry.delay(afterAttempt: attempt, retryAfterSeconds: retryAfter, jitter: jitter) else {
        var failure = failure
        failure.retryAfterMilliseconds = retryAfter.map { Int($0 * 1000) }
        throw failure
      }
      try await Task.sleep(for: .seconds(delay))
      attempt += 1
    }
  }

  private struct Response {
    var status: Int
    /// Null for an empty body, nil where it is no JSON.
    var json: JSONValue?
    var body: [UInt8]
    var contentType: String?
    var retryAfterSeconds: Double?
  }

  private func exchange(_ request: CoreRequest, _ header: String?) async throws -> Response {
    var headers = [(name: "Accept", value: "application/json")]
    if let header { headers.append(("Authorization", header)) }
    if request.body != nil { headers.append(("Content-Type", "application/json")) }
    let outgoing = HTTPRequest(
      request.method,
      request.url(endpoint: endpoint),
      headers: headers,
      body: request.body?.serialized(),
      timeout: timeout
    )
    let response = try await transport.exchange(outgoing, limit: 64 << 20)
    let body = response.body
    state.withLock {
      $0.facts.read(levelHeader: response.header("X-Api-Level"), versionHeader: response.header("X-Api-Version"))
    }
    return Response(
      status: response.status,
      json: body.isEmpty ? .null : try? JSONValue(parsing: body),
      body: body,
      contentType: response.header("Content-Type"),
      retryAfterSeconds: response.header("Retry-After").flatMap(RetryAfter.seconds)
    )
  }

  private static func noJSON(_ response: Response, _ what: String) -> SidecarError {
    SidecarError(
      .coreInvalidAnswer,
      "What answered is no Core: asked for \(what), it sent \(response.contentType ?? "something") that is not JSON.",
      hint:
        "Look at core.endpoint (DHCORE_ENDPOINT): it is the address of the server itself, not of its web console or "
        + "of a login page in front of it.",
      cause: "HTTP \(response.status): " + String(decoding: response.body.prefix(300), as: UTF8.self)
    )
  }

  private static func unreachable(_ endpoint: String, _ error: HTTPError) -> SidecarError {
    if case .untrusted = error {
      return SidecarError(
        .untrustedServer,
        "Core at \(endpoint) can't be trusted.",
        hint:
          "Name the PEM file of its authority in core.ca_file (DH_SIDECAR_CORE_CA_FILE); checks can't be turned off.",
        cause: error.message
      )
    }
    return SidecarError(
      .coreUnavailable,
      "Core at \(endpoint) does not answer: \(error.message).",
      hint: "Look at core.endpoint (DHCORE_ENDPOINT), the network and the proxy; `dh-sidecar doctor` tells more."
    )
  }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, which is read against this machine's clock.
enum RetryAfter {
  static func seconds(_ text: String) -> Double? {
    if let seconds = Double(text), seconds >= 0 { return seconds }
    return HTTPDate.parse(text).map { max(0, Double($0.nanoseconds - Timestamp.now().nanoseconds) / 1e9) }
  }
}

/// RFC 9110, section 5.6.7, the preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  static func parse(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2, parts[3].count == 4,
      let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    return Timestamp(parsing: "\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
  }
}
