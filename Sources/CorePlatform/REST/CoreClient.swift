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
  /// Without any token that is known here.
  func redacted(_ text: String) async -> String
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
    // A gateway may pass the API alone: then the configuration says nothing, which is no error.
    guard answer.isSuccess || answer.status == 404 else { throw CoreRefusal.error(answer, "its configuration") }
    let configuration = answer.isSuccess ? answer.json.objectValue ?? [:] : [:]
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
        let refusal = CoreAnswer(
          status: response.status,
          json: response.json ?? .string(String(decoding: response.body.prefix(2000), as: UTF8.self)),
          attempts: attempt
        )
        if response.status == 401 || response.status == 403 {
          let words = "HTTP \(response.status)" + (refusal.message.map { ": \($0)" } ?? "")
          var error = await authorization.refusal(status: response.status, words: words)
          // Core asks for the role before it looks for the project (contract, section 1).
          if error.code == .forbidden, let project = request.project {
            error.message += " Perhaps there is no project `\(project)`: see listProjects."
          }
          throw error
        }
        guard retry.retries(status: response.status, method: request.method) else {
          if (300..<400).contains(response.status) { throw Self.moved(endpoint, response) }
          guard response.json != nil || response.status >= 500 else { throw Self.noJSON(response, what) }
          return refusal
        }
        retryAfter = response.retryAfterSeconds
        failure = CoreRefusal.error(refusal, what)
      } catch let error as HTTPError {
        failure = Self.unreachable(endpoint, error, what)
        if !failure.code.retryable { throw failure }
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
    /// Where a redirect points to.
    var location: String?
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
    // What a server says of a refusal may repeat what it was sent.
    let body =
      response.status < 400
      ? response.body : Array(await authorization.redacted(String(decoding: response.body, as: UTF8.self)).utf8)
    state.withLock {
      $0.facts.read(levelHeader: response.header("X-Api-Level"), versionHeader: response.header("X-Api-Version"))
    }
    return Response(
      status: response.status,
      json: body.isEmpty ? .null : try? JSONValue(parsing: body),
      body: body,
      contentType: response.header("Content-Type"),
      retryAfterSeconds: response.header("Retry-After").flatMap(RetryAfter.seconds),
      location: response.header("Location")
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

  private static func moved(_ endpoint: String, _ response: Response) -> SidecarError {
    SidecarError(
      .coreInvalidAnswer,
      "The server at \(endpoint) answers that it has moved" + (response.location.map { " to \($0)" } ?? "") + ".",
      hint: "Set core.endpoint (DHCORE_ENDPOINT) to the new address: scheme, host and port.",
      cause: "HTTP \(response.status)"
    )
  }

  private static func unreachable(_ endpoint: String, _ error: HTTPError, _ what: String) -> SidecarError {
    switch error {
    case .untrusted:
      return SidecarError(
        .untrustedServer,
        "Core at \(endpoint) can't be trusted.",
        hint: "Name its authority in core.ca_file, see `cause`; checks can't be turned off.",
        cause: error.message
      )
    case .tooLarge:
      return SidecarError(
        .coreError,
        "Core's answer for \(what) is too large: \(error.message).",
        hint: "Ask for less."
      )
    case .refused, .timeout, .closed, .other: break
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
