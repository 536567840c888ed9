import Build
import HTTP
import JSON
import Model

/// An engine that answers: where, and which flavour.
struct Engine: Sendable, Hashable {
  var socket: String
  /// `DOCKER_HOST`, `usual socket`, `podman system service`, …
  var foundBy: String
  var apiVersion: String
  /// Only Podman has one; it tells the two apart.
  var libpodVersion: String?

  var isPodman: Bool { libpodVersion != nil }
  var name: String { isPodman ? "podman" : "docker" }
}

/// A reply with its whole body.
struct EngineReply: Sendable {
  var status: Int
  var body: [UInt8]

  var isSuccess: Bool { (200..<300).contains(status) }
  var json: JSONValue? { try? JSONValue(parsing: body) }

  /// The engine's own words: Docker's `message`, Podman's `message` or `cause`; the text itself elsewhere.
  var message: String {
    let json = json
    if let text = json?["message"]?.stringValue, !text.isEmpty { return text }
    if let text = json?["cause"]?.stringValue, !text.isEmpty { return text }
    let text = String(decoding: body.prefix(2000), as: UTF8.self)
    return text.isEmpty ? "HTTP status \(status)" : text
  }
}

extension EngineReply {
  /// What to say where the engine refuses a call that it should be able to carry out.
  func refusal(_ message: String) -> SidecarError {
    SidecarError(
      .engineError,
      message,
      hint: "`cause` has the engine's words; its own log and `dh-sidecar doctor` may tell more.",
      cause: self.message
    )
  }
}

/// Calls to one engine.
struct EngineClient: Sendable {
  let engine: Engine
  let transport: HTTPTransport
  /// Containers of other catalogs are not there for it: the id of a run comes from its idempotency key, which several
  /// may use. Empty: all are.
  var catalog = ""

  func call(_ call: EngineCall, timeout: Duration? = .seconds(60), longLived: Bool = false) async throws -> EngineReply
  {
    let response = try await open(call, timeout: timeout, longLived: longLived)
    return EngineReply(status: response.status, body: try await response.body())
  }

  func get(_ path: String) async throws -> EngineReply { try await call(EngineCall("GET", path)) }

  func open(
    _ call: EngineCall,
    headers: [(name: String, value: String)] = [],
    timeout: Duration? = .seconds(60),
    longLived: Bool = false
  ) async throws -> HTTPResponse {
    var headers = headers
    if call.body != nil { headers.append((name: "Content-Type", value: "application/json")) }
    return try await transport.send(
      HTTPRequest(
        call.method,
        HTTPRequest.unixURL(socket: engine.socket, path: call.path),
        headers: headers,
        body: call.body.map { JSONValue.object($0).serialized() },
        timeout: timeout,
        longLived: longLived
      )
    )
  }

  /// Sends a tar archive as the call's body.
  func upload(
    _ call: EngineCall,
    _ tar: TarStream,
    headers: [(name: String, value: String)] = []
  ) async throws -> HTTPResponse {
    var request = HTTPRequest(
      call.method,
      HTTPRequest.unixURL(socket: engine.socket, path: call.path),
      headers: headers + [(name: "Content-Type", value: "application/x-tar")],
      timeout: nil,
      longLived: true
    )
    request.parts = tar.parts.map { part in
      switch part {
      case .bytes(let bytes): .bytes(bytes)
      case .file(let path, let size): .file(path: path, length: size)
      }
    }
    return try await transport.send(request)
  }

  /// Nil where there is no such container, or where it is another catalog's.
  func inspect(_ name: String) async throws -> ContainerState? {
    var reply = try await get("/containers/\(name)/json")
    // Podman reads the program's /proc while it describes a container, and fails where the program ends just then.
    for _ in 0..<5 where reply.status >= 500 {
      try await Task.sleep(for: .milliseconds(50))
      reply = try await get("/containers/\(name)/json")
    }
    if reply.status == 404 { return nil }
    guard reply.isSuccess, let json = reply.json else {
      throw reply.refusal("The engine can't describe container \(name).")
    }
    let state = ContainerState(json)
    guard catalog.isEmpty || state.catalog == nil || state.catalog == catalog else { return nil }
    return state
  }
}
