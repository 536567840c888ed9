import JSON

extension CoreState {
  /// `/.well-known/…`: public, whatever the way to authenticate.
  func wellKnown(_ request: DoubleRequest, _ document: String) throws(CoreRefusal) -> DoubleResponse {
    guard request.method == "GET" else { throw .methodNotAllowed }
    var response: DoubleResponse
    switch document {
    case "configuration": response = .json(configuration(endpoint: endpoint(request)))
    case "openid-configuration":
      let endpoint = endpoint(request)
      response = .json([
        "issuer": .string(endpoint), "token_endpoint": .string(endpoint + "/auth/token"),
        "grant_types_supported": Self.grantTypes, "scopes_supported": Self.scopes,
      ])
    default: throw .notFound
    }
    response.headers.append(("Cache-Control", "public, max-age=900"))
    return response
  }

  /// Where the caller thinks that this server is.
  func endpoint(_ request: DoubleRequest) -> String {
    let scheme = request.header("X-Forwarded-Proto") ?? "http"
    return "\(scheme)://\(request.header("Host") ?? "127.0.0.1")"
  }

  private func configuration(endpoint: String) -> JSONObject {
    var members: JSONObject = [
      "dhcore_endpoint": .string(endpoint), "dhcore_name": "double", "dhcore_version": .string("0.\(options.level).0"),
      "dhcore_api_level": .string("\(options.level)"), "dhcore_api_version": "v1", "dhcore_client_id": "c",
      "dhcore_authentication_methods": authenticationMethods, "k8s_namespace": .string(options.namespace),
    ]
    // K8sConfig.java has it from 0.15.1 on; before, only the runs' schemas tell the profiles.
    if options.level >= 15 {
      members["k8s_resource_profiles"] = .array(options.profiles.map { ["id": .string($0), "name": .string($0)] })
    }
    if options.authentication != .none {
      members["oauth2_issuer"] = .string(endpoint)
      members["oauth2_token_endpoint"] = .string(endpoint + "/auth/token")
      members["oauth2_authorization_endpoint"] = .string(endpoint + "/auth/authorize")
      members["oauth2_grant_types_supported"] = Self.grantTypes
      members["oauth2_scopes_supported"] = Self.scopes
    }
    return JSONObject(members.members.sorted { $0.name < $1.name }.map { ($0.name, $0.value) })
  }

  private var authenticationMethods: JSONValue {
    switch options.authentication {
    case .none: []
    case .basic: ["basic", "oauth2"]
    case .bearer: ["oauth2"]
    }
  }

  private static let grantTypes: JSONValue = [
    "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange",
  ]
  private static let scopes: JSONValue = ["openid", "profile", "credentials", "offline_access"]
}
