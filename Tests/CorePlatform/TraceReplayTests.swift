import CoreDouble
import FoundationEssentials
import HTTP
import JSON
import Testing

/// The recorded traffic of the real SDK, beside the package.
enum Traces {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/digitalhub/traces").standardizedFileURL.path

  struct Exchange: Sendable {
    let method: String
    let target: String
    let body: [UInt8]?
    let headers: [(name: String, value: String)]
    let status: Int
    let answer: JSONValue?
  }

  /// The exchanges of one scenario that got an answer.
  static func exchanges(_ line: String, _ scenario: String) throws -> [Exchange] {
    let data = try Data(contentsOf: URL(filePath: "\(folder)/\(line)/\(scenario).json"))
    let file = try JSONValue(parsing: Array(data))
    return (file["exchanges"]?.arrayValue ?? []).compactMap { exchange in
      guard let request = exchange["request"], let response = exchange["response"],
        let method = request["method"]?.stringValue, let path = request["path"]?.stringValue,
        let status = response["status"]?.integerValue
      else { return nil }
      let query = (request["query"]?.objectValue ?? [:]).map {
        "\($0.name)=\(HTTPRequest.percentEncoded($0.value.stringValue ?? ""))"
      }
      let body = request["body"].flatMap { $0.isNull ? nil : $0.stringValue.map { Array($0.utf8) } ?? $0.serialized() }
      let headers = (request["headers"]?.objectValue ?? [:]).compactMap { header in
        ["content-type", "authorization"].contains(header.name.lowercased())
          ? header.value.stringValue.map { (name: header.name, value: $0) } : nil
      }
      return Exchange(
        method: method,
        target: query.isEmpty ? path : path + "?" + query.joined(separator: "&"),
        body: body,
        headers: headers,
        status: status,
        answer: response["body"]
      )
    }
  }

  static func scenarios(_ line: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(line)")
      .filter { $0.hasSuffix(".json") && !$0.hasPrefix("_") }.map { String($0.dropLast(5)) }.sorted()
  }
}

/// The SDK's requests, sent to the double in the order in which they were recorded; statuses and the essential members of
/// the answers are the recorded ones, but where contract.md or Core's source contradicts the recording's stand-in server.
@Suite struct TraceReplayTests {
  /// Deletions come last, so that the scenarios recorded after them still have their function.
  private static let last = ["40_delete_run", "41_delete_function_cascade", "42_delete_function_all_versions"]

  /// The stand-in's own faults, and the runs that it was given behind the recording's back.
  private static func isReplayed(_ scenario: String) -> Bool {
    let isFault = ["33", "34", "35", "36", "37", "38", "39", "59"].contains { scenario.hasPrefix($0) }
    return !isFault && !scenario.hasPrefix("6")
  }

  /// What Core answers where the stand-in was more lenient.
  private static let stricter = [
    // Project names have no underscore.
    "01b_get_or_create_project_underscore_seed": 400,
    // Core's mapper does not know the service type "Nope".
    "50_serve_bad_service_type": 400,
  ]

  @Test(arguments: [(13, "sdk-0.13.4"), (14, "sdk-0.15.11"), (15, "sdk-0.15.11")])
  func aSession(_ level: Int, _ line: String) async throws {
    var options = DoubleOptions(level: level)
    options.isTimeManual = true
    options.pace = DoubleOptions.Pace(each: 100)
    var replayed = 0
    try await withDouble(options) { double, transport in
      let scenarios = try Traces.scenarios(line).filter { Self.isReplayed($0) && !Self.last.contains($0) }
      for scenario in scenarios + Self.last {
        for exchange in try Traces.exchanges(line, scenario) {
          // Each look at a run is one state later, as it was with the stand-in.
          let path = exchange.target.split(separator: "/")
          if exchange.method == "GET", path.count == 6, path[4] == "runs" { double.advance(by: 100) }
          let answer = try await double.ask(
            transport,
            exchange.method,
            exchange.target,
            exchange.body,
            headers: exchange.headers
          )
          let expected = exchange.method == "POST" ? Self.stricter[scenario] ?? exchange.status : exchange.status
          let place = Comment(rawValue: "\(scenario): \(exchange.method) \(exchange.target)")
          #expect(answer.response.status == expected, place)
          replayed += 1
          guard expected == 200, let recorded = exchange.answer, let json = answer.json else { continue }
          Self.compare(json, recorded, scenario: scenario, level: level, place)
        }
      }
      #expect(double.requests.count == replayed)
    }
    #expect(replayed > 60)
  }

  private static func compare(
    _ json: JSONValue,
    _ recorded: JSONValue,
    scenario: String,
    level: Int,
    _ place: Comment
  ) {
    if let content = recorded["content"]?.arrayValue {
      // The clock runs for all runs here, so more of them are COMPLETED.
      guard scenario != "21_list_runs_filtered" else { return }
      let ids = { (elements: [JSONValue]) in Set(elements.compactMap { $0["id"]?.stringValue }) }
      #expect(ids(json["content"]?.arrayValue ?? []) == ids(content), place)
      #expect(json["totalElements"] == recorded["totalElements"], place)
      return
    }
    for name in ["id", "kind", "name", "project", "key"] { #expect(json[name] == recorded[name], place) }
    for name in ["labels", "embedded", "relationships"] {
      #expect(json["metadata"]?[name] == recorded["metadata"]?[name], place)
    }
    guard let kind = recorded["kind"]?.stringValue, kind.hasPrefix("container") else { return }
    for member in known(recorded["spec"]?.objectValue ?? [:], kind: kind, level: level) {
      #expect(json["spec"]?[member.name] == member.value, place)
    }
    #expect(json["status"]?["state"] == state(recorded, scenario: scenario, level: level), place)
  }

  /// The members of a recorded spec that Core's types have.
  private static func known(_ spec: JSONObject, kind: String, level: Int) -> JSONObject {
    var spec = spec
    if level > 13, !kind.contains("build") { spec["instructions"] = nil }
    // At level 13 the example's build succeeds, and puts its own image's name into the function.
    if level == 13, spec["image"] == "hello-world:latest" { spec["image"] = nil }
    if level < 15, var resources = spec["resources"]?.objectValue {
      resources["disk"] = nil
      spec["resources"] = .object(resources)
    }
    if let ports = spec["service_ports"]?.arrayValue {
      spec["service_ports"] = .array(
        ports.map { port in
          var port = port.objectValue ?? [:]
          port["targetPort"] = nil
          return .object(port)
        }
      )
    }
    return spec
  }

  private static func state(_ recorded: JSONValue, scenario: String, level: Int) -> JSONValue? {
    switch scenario {
    // An instruction that is no directive fails from level 14 on; the function has no base image of its own.
    case "10_run_build_seed_example" where level > 13 && recorded["kind"] == "container+build:run": "ERROR"
    // RESUME is a state at level 13 only.
    case "16_run_resume" where level > 13: "STOPPED"
    // Level 13 has no PENDING, so a run is one state further.
    case "04_run_refresh" where level == 13: "RUNNING"
    case "05_run_wait" where level == 13: "COMPLETED"
    case "13_serve_wait" where level == 13: "RUNNING"
    // SDK 0.13 never gets to stopping the serve that these look at, and the job has ended by then.
    case "15_run_refresh_after_stop" where level == 13: "RUNNING"
    case "23_get_run_by_id", "24_get_run_by_key": "COMPLETED"
    default: recorded["status"]?["state"]
    }
  }

  @Test(arguments: ["auth-0.13.4", "auth-0.15.11"]) func signingIn(_ line: String) async throws {
    for scenario in try Traces.scenarios(line) {
      let exchanges = try Traces.exchanges(line, scenario)
      guard !exchanges.isEmpty else { continue }
      try await withDouble { double, transport in
        try await double.ask(transport, "POST", "/api/v1/projects", Array(#"{"kind": "project", "name": "p1"}"#.utf8))
        let header = exchanges.lazy.compactMap { $0.headers.first { $0.name == "Authorization" }?.value }.first
        let isOpen = header == nil && !exchanges.contains { $0.status == 401 }
        double.configure {
          $0.authentication = isOpen ? .none : header?.hasPrefix("Basic") == true ? .basic : .bearer
        }
        for exchange in exchanges {
          // The recording's project is shorter than Core takes.
          let target = exchange.target.replacing("/projects/p", with: "/projects/p1")
          let answer = try await double.ask(
            transport,
            exchange.method,
            target,
            exchange.body,
            headers: exchange.headers
          )
          let place = Comment(rawValue: "\(scenario): \(exchange.method) \(exchange.target)")
          // Where there are no credentials at all, Core's filter chain answers 403, unlike the stand-in.
          let expected = exchange.status == 401 && exchange.headers.isEmpty ? 403 : exchange.status
          #expect(answer.response.status == expected, place)
          #expect((answer.response.header("WWW-Authenticate") != nil) == (expected == 401), place)
          for name in ["access_token", "refresh_token", "token_type", "expires_in", "client_id"] {
            if let recorded = exchange.answer?[name] { #expect(answer.json?[name] == recorded, place) }
          }
        }
      }
    }
  }
}
