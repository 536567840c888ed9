import JSON

/// `/_double/…`, through which a test in another process scripts the double and reads what it was asked. Not recorded,
/// not authenticated, and never struck by a fault:
///
/// | request | what |
/// |---|---|
/// | `GET requests[?method=M&path=PART]` | `{requests: [{method, path, query, headers, body, json?, connection, time, status}], connections}` |
/// | `GET options` | `{level, endpoint}` |
/// | `POST options` | any of `DoubleOptions.merge`'s members |
/// | `POST faults` | one fault or an array of them, as `Fault.init(_:)` reads them |
/// | `POST reset` | `{what: all (default) / requests / faults}` |
/// | `POST time` | `{advance: MILLISECONDS}` |
/// | `POST runs/ID` | `{state, message?}` forces a run's state |
/// | `POST expire` | access tokens are good no more; `{refresh: true}`: refresh tokens neither |
struct ControlEndpoint {
  static let prefix = "/_double/"

  let double: CoreDouble

  func answer(_ request: DoubleRequest) -> DoubleResponse {
    do throws(OptionFault) {
      return try carryOut(request) ?? DoubleResponse.json(["message": "no such path"], status: 404)
    } catch {
      return .json(["message": .string(error.description)], status: 400)
    }
  }

  private func carryOut(_ request: DoubleRequest) throws(OptionFault) -> DoubleResponse? {
    let body: JSONValue
    do {
      body = request.body.isEmpty ? [:] : try JSONValue(parsing: request.body)
    } catch {
      throw OptionFault(description: "the body is not JSON: \(error)")
    }
    let path = String(request.path.dropFirst(Self.prefix.count))
    switch (request.method, path) {
    case ("GET", "requests"): return .json(requests(request))
    case ("GET", "options"):
      return .json(["endpoint": .string(double.endpoint), "level": .integer(double.options.level)])
    case ("POST", "options"):
      let members = body.objectValue ?? [:]
      try double.configure { (options: inout DoubleOptions) throws(OptionFault) in try options.merge(members) }
    case ("POST", "faults"): for fault in body.arrayValue ?? [body] { double.inject(try Fault(fault)) }
    case ("POST", "reset"):
      switch body["what"]?.stringValue ?? "all" {
      case "all": double.reset()
      case "requests": double.resetRequests()
      case "faults": double.clearFaults()
      default: throw OptionFault(description: "what: all, requests or faults")
      }
    case ("POST", "time"): double.advance(by: Milliseconds(body["advance"]?.integerValue ?? 0))
    case ("POST", "expire"): double.expireTokens(refresh: body["refresh"] == true)
    case ("POST", _) where path.hasPrefix("runs/"):
      guard let state = body["state"]?.stringValue else { throw OptionFault(description: "state: a text") }
      let id = String(path.dropFirst("runs/".count))
      guard double.force(run: id, state: state, message: body["message"]?.stringValue) else { return nil }
    default: return nil
    }
    return .json([:])
  }

  private func requests(_ request: DoubleRequest) -> JSONObject {
    let found = double.requests.filter {
      (request.query("method") ?? $0.method) == $0.method && $0.path.contains(request.query("path") ?? "")
    }
    return ["requests": .array(found.map { .object(Self.json($0)) }), "connections": .integer(double.connections)]
  }

  private static func json(_ request: DoubleRequest) -> JSONObject {
    func pairs(_ pairs: [(name: String, value: String)]) -> JSONValue {
      .array(pairs.map { [.string($0.name), .string($0.value)] })
    }
    var json: JSONObject = [
      "method": .string(request.method), "path": .string(request.path), "query": pairs(request.query),
      "headers": pairs(request.headers), "body": .string(String(decoding: request.body, as: UTF8.self)),
      "connection": .integer(request.connection), "time": .integer(Int(request.time)),
    ]
    json["json"] = request.json
    json["status"] = request.status.map { .integer($0) } ?? .null
    return json
  }
}
