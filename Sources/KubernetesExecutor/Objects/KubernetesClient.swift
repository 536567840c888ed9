import HTTP
import JSON
import Model

/// Calls to one cluster's API server, as one user.
struct KubernetesClient: Sendable {
  /// Of the fields that we set by server-side apply.
  static let fieldManager = "dh-sidecar"

  let access: ClusterAccess
  let transport: HTTPTransport
  /// The header's value.
  let authorization: String?

  var namespace: String { access.namespace }

  /// Makes the object, or makes it what it is to be: doing it twice makes one. Answers what is there then.
  func apply(_ object: JSONObject, dryRun: Bool = false) async throws -> APIReply {
    guard let kind = object["kind"]?.stringValue.flatMap(Resource.init(rawValue:)),
      let name = object["metadata"]?["name"]?.stringValue
    else { throw SidecarError(.clusterError, "An object without kind or name can't be applied.") }
    var query = "?fieldManager=\(Self.fieldManager)&force=true"
    if dryRun { query += "&dryRun=All" }
    return try await call(
      "PATCH",
      kind.path(namespace, name) + query,
      body: object,
      contentType: "application/apply-patch+yaml"
    )
  }

  func get(_ kind: Resource, _ name: String) async throws -> APIReply {
    try await call("GET", kind.path(namespace, name))
  }

  /// One page of those with the label; `continued` is what the page before gave.
  func list(_ kind: Resource, selector: String, continued: String? = nil) async throws -> APIReply {
    var query = "?limit=500&labelSelector=" + HTTPRequest.percentEncoded(selector)
    if let continued { query += "&continue=" + HTTPRequest.percentEncoded(continued) }
    return try await call("GET", kind.path(namespace) + query)
  }

  /// What depends on it goes in the background. Nothing there is no error.
  func delete(_ kind: Resource, _ name: String, graceSeconds: Int? = nil) async throws -> APIReply {
    var options: JSONObject = [
      "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
    ]
    options["gracePeriodSeconds"] = graceSeconds.map { .integer($0) }
    return try await call("DELETE", kind.path(namespace, name), body: options)
  }

  func merge(_ kind: Resource, _ name: String, _ patch: JSONObject) async throws -> APIReply {
    try await call("PATCH", kind.path(namespace, name), body: patch, contentType: "application/merge-patch+json")
  }

  func call(
    _ method: String,
    _ path: String,
    body: JSONObject? = nil,
    contentType: String = "application/json"
  ) async throws -> APIReply {
    let response = try await open(method, path, body: body, contentType: contentType)
    let bytes = try await response.body(limit: 256 << 20)
    return APIReply(
      status: response.status,
      json: try? JSONValue(parsing: bytes),
      retryAfter: response.header("Retry-After").flatMap { Double($0) }
    )
  }

  func open(
    _ method: String,
    _ path: String,
    body: JSONObject? = nil,
    contentType: String = "application/json",
    timeout: Duration? = .seconds(60),
    longLived: Bool = false
  ) async throws -> HTTPResponse {
    var headers: [(name: String, value: String)] = [("Accept", "application/json"), ("User-Agent", "dh-sidecar")]
    if let authorization { headers.append(("Authorization", authorization)) }
    if body != nil { headers.append(("Content-Type", contentType)) }
    return try await transport.send(
      HTTPRequest(
        method,
        access.server + path,
        headers: headers,
        body: body.map { JSONValue.object($0).serialized() },
        timeout: timeout,
        longLived: longLived
      )
    )
  }
}
