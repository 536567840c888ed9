internal import HTTP
internal import JSON

/// One request of Core's REST API, as a value: what is sent, and what `renderRun` shows.
struct CoreRequest: Sendable, Hashable {
  var method: String
  /// Behind the endpoint, each segment as it is (not encoded).
  var path: [String]
  var query: [Parameter] = []
  var body: JSONValue?

  struct Parameter: Sendable, Hashable {
    var name: String
    var value: String
  }

  private init(_ method: String, path: [String], body: JSONValue? = nil) {
    self.method = method
    self.path = path
    self.body = body
  }

  /// `/api/v1/…` (contract, section 2).
  static func api(_ method: String, _ path: [String], body: JSONValue? = nil) -> CoreRequest {
    CoreRequest(method, path: ["api", "v1"] + path, body: body)
  }

  /// `/api/v1/-/PROJECT/…`: what belongs to a project.
  static func context(_ method: String, _ project: String, _ path: String..., body: JSONValue? = nil) -> CoreRequest {
    api(method, ["-", project] + path, body: body)
  }

  /// Public, needs no credentials; the values are the server's own.
  static let wellKnown = CoreRequest("GET", path: [".well-known", "configuration"])

  /// The probe that the official client uses.
  static let authentication = CoreRequest("GET", path: ["api", "auth"])

  /// With one more query parameter; nil adds none.
  func asking(_ name: String, _ value: String?) -> CoreRequest {
    guard let value else { return self }
    var copy = self
    copy.query.append(Parameter(name: name, value: value))
    return copy
  }

  /// The project that the path is in.
  var project: String? {
    guard let dash = path.firstIndex(of: "-"), path.indices.contains(dash + 1) else { return nil }
    return path[dash + 1]
  }

  func url(endpoint: String) -> String {
    let path = path.map(HTTPRequest.percentEncoded).joined(separator: "/")
    let query = query.map { "\($0.name)=\(HTTPRequest.percentEncoded($0.value))" }.joined(separator: "&")
    return "\(endpoint)/\(path)" + (query.isEmpty ? "" : "?\(query)")
  }

  /// For `renderRun`: `{method, url, body?}`.
  func rendered(endpoint: String) -> JSONObject {
    var json: JSONObject = ["method": .string(method), "url": .string(url(endpoint: endpoint))]
    json["body"] = body
    return json
  }
}
