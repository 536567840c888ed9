internal import HTTP
internal import JSON
internal import Settings

/// Where tokens are exchanged and renewed (RFC 6749, section 3.2), and how to find it.
actor TokenEndpoint {
  /// Why there is no new token.
  enum Failure: Error {
    /// It can't be found: nobody says where it is, or what the client is called.
    case unknown(String, hint: String)
    /// It does not answer, or not as one.
    case unavailable(String)
    /// It refuses; its words.
    case refused(String)
  }

  private let core: Settings.Core
  private let transport: HTTPTransport
  private var found: (url: String, client: String)?

  init(core: Settings.Core, transport: HTTPTransport) {
    self.core = core
    self.transport = transport
  }

  private static let answerLimit = 1 << 20

  /// RFC 6749, section 6, without client authentication, as Core wants it.
  func refresh(_ token: Secret) async throws(Failure) -> TokenResponse {
    try await post([("refresh_token", token.exposed), ("grant_type", "refresh_token"), ("scope", "credentials")])
  }

  /// RFC 8693 with a token type of Core's own.
  func exchange(personalAccessToken token: Secret) async throws(Failure) -> TokenResponse {
    try await post([
      ("subject_token", token.exposed),
      ("subject_token_type", "urn:ietf:params:oauth:token-type:pat"),
      ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
      ("scope", "credentials"),
    ])
  }

  /// Whether Core says that this header is of no use: the SDK's way of asking. Where nothing can be learnt, it may be.
  func isRejected(_ header: String) async -> Bool {
    guard let endpoint = core.endpoint?.value else { return false }
    let headers = [(name: "Authorization", value: header)]
    let url = HTTPRequest.joined(endpoint, "api/auth")
    return (try? await answer(to: HTTPRequest("GET", url, headers: headers, timeout: timeout)))?.status == 401
  }

  private func post(_ fields: [(name: String, value: String)]) async throws(Failure) -> TokenResponse {
    let (url, client) = try await place()
    let request = HTTPRequest(
      "POST",
      url,
      headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
      body: Array(HTTPRequest.form([("client_id", client)] + fields).utf8),
      timeout: timeout
    )
    let (status, body) = try await answer(to: request)
    switch status {
    case 200..<300:
      guard let response = TokenResponse(parsing: body) else {
        throw .unavailable("\(url) answered without an access token")
      }
      return response
    case 400, 401, 403: throw .refused("\(status) \(Self.words(body))")
    default: throw .unavailable("\(url) answered \(status)")
    }
  }

  // MARK: Discovery

  /// What is configured; else what the issuer says; else what Core says.
  private func place() async throws(Failure) -> (url: String, client: String) {
    if let found { return found }
    var url = core.tokenEndpoint?.value
    if url == nil, let issuer = core.issuer?.value { url = try await tokenEndpoint(of: issuer) }
    var client = core.clientID?.value
    if url == nil || client == nil, let endpoint = core.endpoint?.value {
      let document = try await document(HTTPRequest.joined(endpoint, ".well-known/configuration"))
      client = client ?? document?["dhcore_client_id"]?.stringValue ?? document?["oauth2_client_id"]?.stringValue
      url = url ?? document?["oauth2_token_endpoint"]?.stringValue
      if url == nil, let issuer = (document?["dhcore_issuer"] ?? document?["oauth2_issuer"])?.stringValue {
        url = try await tokenEndpoint(of: issuer)
      }
    }
    guard let url else {
      throw .unknown(
        "nobody says where the token endpoint is",
        hint: "set DHCORE_ISSUER or OAUTH2_TOKEN_ENDPOINT, or run `dhcli login`"
      )
    }
    guard let client else {
      throw .unknown("there is no client id", hint: "set DHCORE_CLIENT_ID, or run `dhcli login`")
    }
    // Over TLS one may be told where to go, but not to give the token away in the clear.
    if core.tokenEndpoint == nil, core.endpoint?.value.hasPrefix("https:") == true, !url.hasPrefix("https:") {
      throw .unknown("the token endpoint \(url) has no TLS", hint: "set OAUTH2_TOKEN_ENDPOINT to a URL with https")
    }
    found = (url, client)
    return (url, client)
  }

  /// OpenID Connect Discovery 1.0, section 4.
  private func tokenEndpoint(of issuer: String) async throws(Failure) -> String? {
    try await document(HTTPRequest.joined(issuer, ".well-known/openid-configuration"))?["token_endpoint"]?.stringValue
  }

  /// Nil where the server has none.
  private func document(_ url: String) async throws(Failure) -> JSONValue? {
    let (status, body) = try await answer(to: HTTPRequest("GET", url, timeout: timeout))
    guard status != 404 else { return nil }
    guard status == 200, let document = try? JSONValue(parsing: body) else {
      throw .unavailable("\(url) answered \(status) without a configuration in JSON")
    }
    return document
  }

  private var timeout: Duration { .seconds(core.timeoutSeconds.value) }

  private func answer(to request: HTTPRequest) async throws(Failure) -> (status: Int, body: [UInt8]) {
    do {
      let response = try await transport.send(request)
      return (response.status, try await response.body(limit: Self.answerLimit))
    } catch {
      throw .unavailable("\(request.url): " + ((error as? HTTPError)?.message ?? "\(error)"))
    }
  }

  /// RFC 6749's `error` and `error_description`, or Core's `message`.
  private static func words(_ body: [UInt8]) -> String {
    guard let object = try? JSONValue(parsing: body).objectValue else { return "" }
    return ["message", "error", "error_description"].compactMap { object[$0]?.stringValue }.joined(separator: ": ")
  }
}
