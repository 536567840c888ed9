import JSON

/// What the token endpoint has given out. `access-1` and `refresh-1` are good from the start; each grant gives the next.
struct Tokens: Sendable {
  /// When each access token stops being good.
  private var access: [String: Milliseconds] = ["access-1": .max]
  private var refresh: Set<String> = ["refresh-1"]
  private var count = 1

  func isGood(_ token: String, at now: Milliseconds) -> Bool { access[token].map { now < $0 } ?? false }

  /// True once for each refresh token.
  mutating func use(refresh token: String) -> Bool { refresh.remove(token) != nil }

  mutating func grant(until expiry: Milliseconds) -> (access: String, refresh: String) {
    count += 1
    access["access-\(count)"] = expiry
    refresh.insert("refresh-\(count)")
    return ("access-\(count)", "refresh-\(count)")
  }

  /// No access token given so far is good any more; refresh tokens are.
  mutating func expireAccess() { access = [:] }

  mutating func revokeRefresh() { refresh = [] }
}

extension CoreState {
  private static let pat = "urn:ietf:params:oauth:token-type:pat"

  /// The caller's name. Statuses as Core's filter chain gives them: 403 where there are no credentials or Basic ones that
  /// are wrong, Spring's 401 for a bearer that is not good.
  func authenticate(_ request: DoubleRequest) throws(CoreRefusal) -> String {
    guard options.authentication != .none else { return "user" }
    guard let header = request.header("Authorization") else { throw .forbidden }
    if let token = Self.credentials(header, scheme: "Bearer") {
      guard tokens.isGood(token, at: now) || options.personalAccessTokens.contains(token) else {
        throw CoreRefusal(
          status: 401,
          message: "Unauthorized",
          headers: [("WWW-Authenticate", "Bearer error=\"invalid_token\"")]
        )
      }
      return "user"
    }
    guard options.authentication == .basic, let (user, password) = Self.basic(header), options.users[user] == password
    else { throw .forbidden }
    return user
  }

  /// `/auth/token`, POST with a form or GET with a query.
  mutating func token(_ request: DoubleRequest) throws(CoreRefusal) -> DoubleResponse {
    let parameters: [(name: String, value: String)]
    switch request.method {
    case "POST": parameters = DoubleRequest.form(String(decoding: request.body, as: UTF8.self))
    case "GET": parameters = request.query
    default: throw .methodNotAllowed
    }
    func parameter(_ name: String) -> String? { parameters.first { $0.name == name && !$0.value.isEmpty }?.value }
    var client = parameter("client_id")
    var isExchange = false
    switch parameter("grant_type") {
    case "refresh_token":
      guard let token = parameter("refresh_token") else { throw .badRequest("invalid or missing refresh_token") }
      guard client != nil else { throw .badRequest("invalid or missing client_id") }
      guard tokens.use(refresh: token) else { throw .badRequest("invalid or missing refresh_token") }
    case "urn:ietf:params:oauth:grant-type:token-exchange":
      guard client != nil else { throw .badRequest("invalid or missing client_id") }
      guard parameter("subject_token_type") == Self.pat else {
        throw .badRequest("invalid or missing subject_token_type")
      }
      guard let token = parameter("subject_token"), options.personalAccessTokens.contains(token) else {
        throw .badRequest("invalid or missing subject_token")
      }
      isExchange = true
    case "client_credentials":
      guard let (id, secret) = request.header("Authorization").flatMap(Self.basic), options.clients[id] == secret else {
        throw .forbidden
      }
      client = id
    default: throw .badRequest("invalid or unsupported grant type")
    }
    let granted = tokens.grant(until: now + Milliseconds(options.accessTokenLifetime) * 1000)
    var json: JSONObject = [
      "access_token": .string(granted.access), "refresh_token": .string(granted.refresh), "token_type": "Bearer",
      "expires_in": .integer(options.accessTokenLifetime), "client_id": .string(client ?? ""),
      "issuer": .string(endpoint(request)),
    ]
    if isExchange { json["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token" }
    if parameter("scope")?.split(separator: " ").contains("credentials") == true {
      for (name, value) in options.credentials.sorted(by: { $0.key < $1.key }) { json[name] = .string(value) }
    }
    return .json(json)
  }

  private static func credentials(_ header: String, scheme: String) -> String? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == scheme.lowercased() else { return nil }
    return String(parts[1])
  }

  private static func basic(_ header: String) -> (user: String, password: String)? {
    guard let bytes = credentials(header, scheme: "Basic").flatMap(Base64.decoded) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(
      separator: ":",
      maxSplits: 1,
      omittingEmptySubsequences: false
    )
    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
  }
}
