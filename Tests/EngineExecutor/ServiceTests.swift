import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct ServiceTests {
  private static func execution(_ change: (inout WorkloadSpec) -> Void) -> Execution {
    .sample(runID: PlannerTests.runID) {
      $0.action = .serve
      $0.image = "busybox"
      change(&$0)
    }
  }

  @Test func aServiceAsCalls() throws {
    let execution = Self.execution {
      $0.replicas = 2
      $0.serviceType = .nodePort
      $0.serviceName = "api"
      $0.servicePorts = [ServicePort(port: 8080, targetPort: 80, nodePort: 30080)]
    }
    let plan = try EnginePlanner.plan(execution, address: "0.0.0.0")
    let name = "dh-\(PlannerTests.runID)"
    #expect(
      plan.calls.map { "\($0.method) \($0.path)" } == [
        "POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox%3Alatest", "POST /networks/create",
        "POST /containers/create?name=\(name)-1", "POST /containers/create?name=\(name)-2",
        "POST /containers/\(name)-1/start", "POST /containers/\(name)-2/start",
      ]
    )
    let golden = """
      {"Image":"docker.io/library/busybox:latest","Env":["PROJECT_NAME=p1","RUN_ID=\(PlannerTests.runID)"],
      "Labels":{"io.dh-sidecar.project":"p1","io.dh-sidecar.function":"f1",
      "io.dh-sidecar.function-id":"0123456789abcdef0123456789abcdef","io.dh-sidecar.run":"\(PlannerTests.runID)",
      "io.dh-sidecar.action":"serve","io.dh-sidecar.replica":"2"},
      "ExposedPorts":{"80/tcp":{}},
      "HostConfig":{"RestartPolicy":{"Name":"unless-stopped"},"NetworkMode":"dh-p1",
      "PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"<a free port from 30081>"}]}},
      "NetworkingConfig":{"EndpointsConfig":{"dh-p1":{"Aliases":["f1-api"]}}}}
      """
    let second = plan.containers[1]
    #expect(try second.create.body.map { .object($0) } == JSONValue(parsing: golden))
    let bindings = second.create(hostPorts: [30085]).body?["HostConfig"]?["PortBindings"]
    #expect(bindings == ["80/tcp": [["HostIp": "", "HostPort": "30085"]]])
  }

  struct Ports: Sendable {
    var type: ServiceType
    var nodePort: Int?
    var replica: Int
    var address: String
    var wanted: Int?
    var lowest: Int
  }

  @Test(arguments: [
    Ports(type: .clusterIP, replica: 1, address: "127.0.0.1", wanted: 8080, lowest: 8081),
    Ports(type: .clusterIP, replica: 2, address: "127.0.0.1", wanted: nil, lowest: 8081),
    Ports(type: .nodePort, replica: 1, address: "10.0.0.1", wanted: nil, lowest: 30_000),
    Ports(type: .nodePort, nodePort: 31_000, replica: 1, address: "10.0.0.1", wanted: 31_000, lowest: 31_001),
    Ports(type: .nodePort, nodePort: 31_000, replica: 2, address: "10.0.0.1", wanted: nil, lowest: 31_001),
    Ports(type: .loadBalancer, replica: 1, address: "10.0.0.1", wanted: 8080, lowest: 8081),
  ])
  func whereAPortIsPublished(expected: Ports) throws {
    let execution = Self.execution {
      $0.serviceType = expected.type
      $0.servicePorts = [ServicePort(port: 8080, targetPort: 80, nodePort: expected.nodePort)]
    }
    let port = try #require(PublishedPort.of(execution.spec, replica: expected.replica, address: "10.0.0.1").first)
    #expect(port.address == expected.address && port.wanted == expected.wanted && port.lowest == expected.lowest)
  }

  @Test func twoPortsWithOneTargetAreTwoBindings() {
    let execution = Self.execution {
      $0.servicePorts = [ServicePort(port: 1, targetPort: 80), ServicePort(port: 2, targetPort: 80)]
    }
    let ports = PublishedPort.of(execution.spec, replica: 1, address: "")
    let bindings = PublishedPort.bindings(ports, chosen: [1, 2])
    #expect(PublishedPort.hostPorts(ports, in: bindings) == [1, 2])
    #expect(PublishedPort.hostPorts(ports, in: [:]) == [nil, nil])
  }

  @Test(arguments: [
    ("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"),
    ("fd00::1", "http://[fd00::1]:80"), ("192.168.0.7", "http://192.168.0.7:80"),
  ])
  func aURLCanBeOpened(address: String, url: String) throws {
    let execution = Self.execution {
      $0.serviceType = .loadBalancer
      $0.servicePorts = [ServicePort(port: 80, targetPort: 80)]
    }
    let port = try #require(PublishedPort.of(execution.spec, replica: 1, address: address).first)
    #expect(port.url(hostPort: 80) == url)
  }

  @Test func theStatusSaysWhereEachReplicaIs() throws {
    let execution = Self.execution {
      $0.replicas = 2
      $0.serviceType = .nodePort
      $0.servicePorts = [ServicePort(port: 8080, targetPort: 80)]
    }
    let plan = try EnginePlanner.plan(execution)
    let looks = zip(plan.containers, [30_000, 30_001]).map { container, port in
      let bindings = JSONValue.object(PublishedPort.bindings(container.ports, chosen: [port]))
      let state = ContainerState(["State": ["Status": "running"], "HostConfig": ["PortBindings": bindings]])
      return ReplicaWatch.Look(container: container, state: state)
    }
    let golden = """
      {"name":"f1","type":"NodePort","ports":[
      {"port":8080,"target_port":80,"node_port":30000,"replica":1,"address":"127.0.0.1","host_port":30000},
      {"port":8080,"target_port":80,"node_port":30001,"replica":2,"address":"127.0.0.1","host_port":30001}],
      "url":"http://127.0.0.1:30000","urls":["http://127.0.0.1:30000","http://127.0.0.1:30001"]}
      """
    #expect(try ServiceStatus.json(looks, execution).map { .object($0) } == JSONValue(parsing: golden))
  }

  /// Looks at one container: the engine's count, since when it runs, its age, and the ends in a row that follow.
  static let rows: [(name: String, looks: [(restarts: Int, up: Double?, age: Double, ends: Int)])] = [
    ("ends at once", [(0, nil, 0, 0), (1, 0.1, 1, 1), (3, nil, 2, 3), (5, nil, 4, 5)]),
    ("stays up, then ends", [(2, 0.5, 3, 2), (2, 11, 14, 0), (3, 0.1, 15, 1)]),
    ("adopted after a long life", [(40, 0.1, 90_000, 0), (41, 0.1, 90_001, 1)]),
    ("adopted in its row", [(4, nil, 5, 4)]),
    ("adopted while up", [(9, 30, 40, 0), (10, 0, 41, 1)]),
    ("started by hand: counted anew", [(9, 30, 40, 0), (0, 0.1, 41, 0), (2, nil, 42, 2)]),
  ]

  @Test(arguments: rows.indices)
  func endsInARow(index: Int) {
    var row = CrashRow()
    for look in Self.rows[index].looks {
      let ends = row.ends(restarts: look.restarts, upSeconds: look.up, ageSeconds: look.age)
      #expect(ends == look.ends, "\(Self.rows[index].name): \(look)")
    }
  }

  @Test func ourOwnStartsCount() {
    var row = CrashRow()
    _ = row.ends(restarts: 0, upSeconds: nil, ageSeconds: 5)
    row.startedAgain()
    row.startedAgain()
    #expect(row.ends(restarts: 0, upSeconds: 1, ageSeconds: 9) == 2)
    #expect(row.ends(restarts: 0, upSeconds: 10, ageSeconds: 20) == 0)
  }

  @Test(
    arguments: [
      (1, 0, ["hi"], "The program ended 5 times in a row, the last time with exit code 0.", "or run it as a job."),
      (
        3, 7, ["a", "b"], "The program of replica 2 ended 5 times in a row, the last time with exit code 7.",
        "log:\na\nb"
      ),
      (1, nil, [], "The program ended 5 times in a row.", "It wrote nothing."),
    ] as [(Int, Int?, [String], String, String)]
  )
  func aCrashLoopInWords(replicas: Int, exitCode: Int?, lines: [String], start: String, part: String) {
    let execution = Self.execution { $0.replicas = replicas }
    let ending = EndingClassifier.crashLoop(
      execution.spec,
      replica: 2,
      ends: 5,
      exitCode: exitCode,
      lines: lines,
      finishedAt: Timestamp(nanoseconds: 0)
    )
    #expect(!ending.succeeded && ending.reason == "CrashLoop" && ending.exitCode == exitCode)
    #expect(ending.message.hasPrefix(start) && ending.message.contains(part), "\(ending.message)")
    #expect(ending.message.contains("ended by itself"))
  }
}
