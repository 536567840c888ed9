import CoreDouble
import HTTP
import JSON
import Testing

@Suite struct DoubleServerTests {
  private static let project = Array(#"{"kind": "project", "name": "p1"}"#.utf8)

  @Test func requestsAreRecordedAndConnectionsCounted() async throws {
    try await withDouble { double, transport in
      for _ in 0..<3 { try await double.ask(transport, "GET", "/api/v1/projects?size=2") }
      try await double.ask(transport, "POST", "/api/v1/projects", Self.project)
      #expect(double.count("GET", "/projects") == 3)
      #expect(double.connections == 1)
      #expect(double.requests.last?.json?["name"] == "p1")
      #expect(double.requests.first?.query("size") == "2")
      #expect(double.requests.map(\.status) == [200, 200, 200, 200])
      double.resetRequests()
      #expect(double.requests.isEmpty)
    }
  }

  @Test func severalAtOnceDoNotMeet() async throws {
    try await withDouble { first, transport in
      try await withDouble { second, _ in
        try await first.ask(transport, "POST", "/api/v1/projects", Self.project)
        #expect(try await first.ask(transport, "GET", "/api/v1/projects/p1").response.status == 200)
        #expect(try await second.ask(transport, "GET", "/api/v1/projects/p1").response.status == 404)
      }
    }
  }

  @Test func stoppingRefuses() async throws {
    let double = try await CoreDouble.start()
    let endpoint = double.endpoint
    let transport = HTTPTransport()
    try await double.ask(transport, "GET", "/api/v1/projects")
    await double.stop()
    await #expect(throws: HTTPError.self) {
      try await transport.send(HTTPRequest("GET", endpoint + "/api/v1/projects"))
    }
    await transport.shutdown()
  }

  // MARK: Faults

  @Test(arguments: [(Fault.Kind.refuse, 404), (.dropAnswer, 200)])
  func aCutConnectionIsOneBeforeOrAfter(_ kind: Fault.Kind, _ status: Int) async throws {
    try await withDouble { double, transport in
      double.inject(Fault(kind, method: "POST", path: "/projects"))
      await #expect(throws: HTTPError.self) {
        try await double.ask(transport, "POST", "/api/v1/projects", Self.project)
      }
      let after = try await double.ask(transport, "GET", "/api/v1/projects/p1").response.status
      #expect(after == status)
      #expect(double.requests.first?.status == nil)
    }
  }

  @Test func aStatusStrikesAsOftenAsAsked() async throws {
    try await withDouble { double, transport in
      double.inject(Fault(.status(503, retryAfter: "2"), suffix: "/projects", count: 2, skip: 1))
      var answers: [Int] = []
      for _ in 0..<4 {
        let answer = try await double.ask(transport, "GET", "/api/v1/projects").response
        answers.append(answer.status)
        if answer.status == 503 { #expect(answer.header("Retry-After") == "2") }
      }
      #expect(answers == [200, 503, 503, 200])
    }
  }

  @Test func aTruncatedBodyIsAnError() async throws {
    try await withDouble { double, transport in
      double.inject(Fault(.truncate(after: 5)))
      let response = try await transport.send(HTTPRequest("GET", double.endpoint + "/api/v1/projects"))
      await #expect(throws: HTTPError.self) { try await response.body() }
    }
  }

  @Test func aSlowBodyComesWhole() async throws {
    try await withDouble { double, transport in
      double.inject(Fault(.trickle(bytes: 200, every: 5)))
      double.inject(Fault(.delay(30)))
      double.inject(Fault(.hold(30)))
      for _ in 0..<3 {
        let answer = try await double.ask(transport, "GET", "/api/v1/projects").json
        #expect(answer?["totalElements"] == 0)
      }
    }
  }

  @Test func htmlInsteadOfJSON() async throws {
    try await withDouble { double, transport in
      double.inject(Fault(.html))
      let answer = try await double.ask(transport, "GET", "/api/v1/projects")
      #expect(answer.response.status == 200)
      #expect(answer.json == nil)
    }
  }

  // MARK: From another process

  @Test func theControlEndpoint() async throws {
    try await withDouble { double, transport in
      func control(_ path: String, _ body: JSONValue) async throws -> Int {
        try await double.ask(transport, "POST", "/_double/\(path)", body.serialized()).response.status
      }
      #expect(try await control("options", ["level": 14, "api_level": "", "pace": 5, "manual_time": true]) == 200)
      #expect(try await control("options", ["nonsense": 1]) == 400)
      #expect(
        try await control("faults", ["kind": "status", "status": 429, "retry_after": 1, "path": "/projects"]) == 200
      )
      #expect(try await double.ask(transport, "GET", "/api/v1/projects").response.status == 429)
      let level = try await double.ask(transport, "GET", "/api/v1/projects").response.header("X-Api-Level")
      #expect(level == "")
      let requests = try await double.ask(transport, "GET", "/_double/requests?path=/projects").json
      #expect(requests?["requests"]?.arrayValue?.map { $0["status"] } == [429, 200])
      #expect(try await control("time", ["advance": 1000]) == 200)
      #expect(try await control("runs/none", ["state": "WEIRD"]) == 404)
      #expect(try await control("reset", [:]) == 200)
      #expect(double.requests.isEmpty)
    }
  }

  @Test func aForcedStateStays() async throws {
    try await withDouble { double, transport in
      let function = #"{"kind": "container", "name": "f", "id": "f1", "spec": {"image": "a"}}"#
      let task = #"{"kind": "container+job", "id": "t1", "spec": {"function": "container://p1/f:f1"}}"#
      let run = #"{"kind": "container+job:run", "id": "r1", "spec": {"task": "container+job://p1/t1"}}"#
      try await double.ask(transport, "POST", "/api/v1/projects", Self.project)
      try await double.ask(transport, "POST", "/api/v1/-/p1/functions", Array(function.utf8))
      try await double.ask(transport, "POST", "/api/v1/-/p1/tasks", Array(task.utf8))
      try await double.ask(transport, "POST", "/api/v1/-/p1/runs", Array(run.utf8))
      #expect(double.force(run: "r1", state: "WEIRD", message: "?"))
      double.advance(by: 10_000)
      let status = try await double.ask(transport, "GET", "/api/v1/-/p1/runs/r1").json?["status"]
      #expect(status?["state"] == "WEIRD")
      #expect(status?["message"] == "?")
    }
  }
}
