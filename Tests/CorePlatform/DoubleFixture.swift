import HTTP
import JSON

@testable import CoreDouble

/// A conversation with the double's rules, without a server between.
struct Conversation {
  var core: CoreState
  var now: Milliseconds = 1_800_000_000_000

  init(level: Int = 15, _ change: (inout DoubleOptions) -> Void = { _ in }) {
    var options = DoubleOptions(level: level)
    options.pace = DoubleOptions.Pace(each: 100)
    change(&options)
    core = CoreState(options: options)
  }

  @discardableResult
  mutating func ask(
    _ method: String,
    _ target: String,
    _ body: JSONValue? = nil,
    headers: [(name: String, value: String)] = []
  ) -> (status: Int, json: JSONValue, headers: [(name: String, value: String)]) {
    let headers = body == nil ? headers : headers + [("Content-Type", "application/json")]
    let path = target.hasPrefix("/") ? target : "/api/v1/" + target
    let request = DoubleRequest(method, path, headers: headers, body: body?.serialized() ?? [])
    let response = core.answer(request, now: now)
    return (response.status, (try? JSONValue(parsing: response.body)) ?? .null, response.headers)
  }

  /// A project `p1`, a function `f` (id `f1`) and its task of this action (id `t-ACTION`).
  mutating func prepare(_ action: String = "job", function: JSONObject = ["image": "alpine:3"]) {
    ask("POST", "projects", ["kind": "project", "name": "p1"])
    ask("POST", "-/p1/functions", ["kind": "container", "name": "f", "id": "f1", "spec": .object(function)])
    ask("POST", "-/p1/tasks", task(action))
  }

  func task(_ action: String, _ spec: JSONObject = [:]) -> JSONValue {
    var spec = spec
    spec["function"] = "container://p1/f:f1"
    return ["kind": .string("container+\(action)"), "id": .string("t-\(action)"), "spec": .object(spec)]
  }

  /// A run of `prepare`'s task, which gets the id `r1` unless another is given.
  @discardableResult
  mutating func run(_ spec: JSONObject = [:], action: String = "job", id: String = "r1") -> (
    status: Int, json: JSONValue
  ) {
    var spec = spec
    spec["task"] = .string("container+\(action)://p1/t-\(action)")
    spec["function"] = "container://p1/f:f1"
    let kind = core.options.level == 13 ? "container+run" : "container+\(action):run"
    let answer = ask("POST", "-/p1/runs", ["kind": .string(kind), "id": .string(id), "spec": .object(spec)])
    return (answer.status, answer.json)
  }

  mutating func state(_ id: String = "r1", after milliseconds: Milliseconds = 0) -> String? {
    now += milliseconds
    return ask("GET", "-/p1/runs/\(id)").json["status"]?["state"]?.stringValue
  }
}

/// A double that listens, and a client to ask it.
func withDouble(
  _ options: DoubleOptions = DoubleOptions(),
  _ body: (CoreDouble, HTTPTransport) async throws -> Void
) async throws {
  let double = try await CoreDouble.start(options)
  let transport = HTTPTransport()
  let result: Result<Void, any Error>
  do {
    try await body(double, transport)
    result = .success(())
  } catch { result = .failure(error) }
  await transport.shutdown()
  await double.stop()
  try result.get()
}

extension CoreDouble {
  /// One request over HTTP. Throws `HTTPError`.
  @discardableResult
  func ask(
    _ transport: HTTPTransport,
    _ method: String,
    _ path: String,
    _ body: [UInt8]? = nil,
    headers: [(name: String, value: String)] = [("Content-Type", "application/json")]
  ) async throws -> (response: HTTPResponse, json: JSONValue?) {
    let request = HTTPRequest(method, endpoint + path, headers: headers, body: body, timeout: .seconds(10))
    let response = try await transport.send(request)
    return (response, try? JSONValue(parsing: await response.body()))
  }
}
