import JSON
import Model
import Testing

@testable import Sidecar

@Suite struct ContainerFileTests {
  private func faults(_ text: String) -> [String] {
    ContainerFile(parsing: text).faults.map { "\($0.pointer) \($0.rule)" }.sorted()
  }

  @Test func yamlAndJSONSayTheSame() {
    let yaml = ContainerFile(
      parsing: """
        project: p
        function: {name: f, kind: container, image: busybox, command: sh}
        runs:
          hello: {action: job, args: [-c, "true"], resources: {limits: {cpu: 1, memory: 512Mi}}}
          web: {action: serve, service_ports: [{port: 80, targetPort: 8080}]}
        """
    )
    let json = ContainerFile(
      parsing: """
        {"project": "p", "function": {"name": "f", "kind": "container", "image": "busybox", "command": "sh"},
         "runs": {"hello": {"action": "job", "args": ["-c", "true"], "resources": {"limits": {"cpu": 1, "memory": "512Mi"}}},
                  "web": {"action": "serve", "service_ports": [{"port": 80, "targetPort": 8080}]}}}
        """
    )
    #expect(yaml.faults.isEmpty && json.faults.isEmpty)
    #expect(yaml.project == "p" && json.project == "p")
    #expect(yaml.function == json.function)
    #expect(yaml.runs.map(\.params) == json.runs.map(\.params))
    #expect(yaml.runs.map(\.name) == ["hello", "web"] && yaml.runs.map(\.action) == [.job, .serve])
    // As it is kept.
    #expect(yaml.runs[0].params["resources"]?["limits"]?["mem"] == "512Mi")
    #expect(yaml.runs[1].params["service_ports"]?[JSONPointer(tokens: ["0", "target_port"])] == 8080)
  }

  @Test(
    arguments: [
      ("", [" type"]), ("[1]", [" type"]), ("a: [", [" syntax"]), ("{\"a\": 1, \"a\": 2}", [" syntax"]),
      ("{}", ["/function required"]), ("function: 1", ["/function type"]),
      ("function: {name: f}", ["/function/kind required"]),
      ("funtion: {}", ["/function required", "/funtion unknown_parameter"]),
      (
        "function: {name: f, kind: container, image: i, uuid: 1, project: p}",
        ["/function/project unknown_parameter", "/function/uuid unknown_parameter"]
      ),
      ("function: {name: f, kind: container, code: a, base64: YQ==}", ["/function/base64 exclusive"]),
      ("function: {name: f, kind: container, image: i}\nruns: {a: }", ["/runs/a type"]),
      ("function: {name: f, kind: container, image: i}\nruns: {a b: {action: job}}", ["/runs/a b format"]),
      ("function: {name: f, kind: container, image: i}\nruns: {a/b: {action: job}}", ["/runs/a~1b format"]),
      ("function: {name: f, kind: container}\nruns: {a: {action: job}}", ["/runs/a/image required"]),
      (
        "function: {name: f, kind: container, image: i}\nruns: {a: {}, b: {action: jbo}}",
        ["/runs/a/action required", "/runs/b/action enum"]
      ),
      (
        "function: {name: f, kind: container, image: i}\nruns: {a: {action: job, replicas: 2, function: f, idempotency_key: k}}",
        [
          "/runs/a/function unknown_parameter", "/runs/a/idempotency_key unknown_parameter",
          "/runs/a/replicas other_action",
        ]
      ),
      (
        "project: a b\nfunction: {name: f, kind: container, image: i}\nruns: {w: {action: serve, service_ports: [{port: 0}]}}",
        ["/project format", "/runs/w/service_ports/0/port minimum"]
      ),
    ] as [(String, [String])]
  )
  func everyFaultIsNamedInTheDocument(text: String, faults: [String]) {
    #expect(self.faults(text) == faults)
  }

  @Test func aFaultSaysWhereItStands() throws {
    let file = ContainerFile(
      parsing: """
        function: {name: f, kind: container, image: i}
        runs:
          web:
            action: serve
            service_ports:
              - port: 70000
          b: {action: job, arg: []}
        """
    )
    #expect(file.faults.map(\.line) == [6, 7] && file.faults.map(\.column) == [9, 20])
    #expect(file.faults[1].hint == "Did you mean `args`?")
    #expect(ContainerFile(parsing: "function:\n\tname: f").faults.map(\.line) == [2])
  }

  @Test func aWarningPointsIntoTheDocument() {
    let file = ContainerFile(
      parsing: "function: {name: f, kind: container, image: i}\nruns: {a: {action: job, instructions: [x]}}"
    )
    #expect(file.faults.isEmpty)
    #expect(file.warnings.map(\.pointer) == ["/runs/a/instructions"])
  }

  @Test func whatARunInheritsIsTheFunctions() throws {
    let file = ContainerFile(
      parsing: "function: {name: f, kind: container, image: i}\nruns: {a: {action: job, args: [x]}}"
    )
    let run = try #require(file.runs.first)
    #expect(file.pointer("/image", ofRun: run) == "/function/image")
    #expect(file.pointer("/args/0", ofRun: run) == "/runs/a/args/0")
    #expect(file.pointer("/secrets/0", ofRun: run) == "/runs/a/secrets/0")
  }
}
