import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct PlannerTests {
  static let runID = "00112233445566778899aabbccddeeff"

  private func plan(_ change: (inout WorkloadSpec) -> Void) throws -> EnginePlan {
    try EnginePlanner.plan(
      .sample(runID: Self.runID) {
        $0.image = "busybox"
        change(&$0)
      }
    )
  }

  @Test func aJobIsPullCreateStart() throws {
    let plan = try plan {
      $0.command = "/bin/sh"
      $0.args = ["-c", "exit 7"]
      $0.secrets = ["TOKEN"]
    }
    let calls = JSONValue.array(plan.calls.map { .object($0.json) })
    let golden = """
      [{"method":"POST","path":"/images/create?fromImage=docker.io%2Flibrary%2Fbusybox%3Alatest","when":"image absent"},
      {"method":"POST","path":"/containers/create?name=dh-\(Self.runID)","body":{
      "Image":"docker.io/library/busybox:latest",
      "Env":["PROJECT_NAME=p1","RUN_ID=\(Self.runID)","TOKEN=<secret TOKEN>"],
      "Entrypoint":["/bin/sh"],"Cmd":["-c","exit 7"],
      "Labels":{"io.dh-sidecar.project":"p1","io.dh-sidecar.function":"f1",
      "io.dh-sidecar.function-id":"0123456789abcdef0123456789abcdef",
      "io.dh-sidecar.run":"\(Self.runID)","io.dh-sidecar.action":"job"},
      "HostConfig":{}}},
      {"method":"POST","path":"/containers/dh-\(Self.runID)/start"}]
      """
    #expect(try calls == JSONValue(parsing: golden))
  }

  /// Each parameter, where it lands in the body of create, and what it reads there.
  static let landings: [(String, @Sendable (inout WorkloadSpec) -> Void, [String], JSONValue)] = [
    ("limits.cpu", { $0.resources.limits.cpu = Quantity("500m") }, ["HostConfig", "NanoCpus"], 500_000_000),
    ("limits.memory", { $0.resources.limits.memory = Quantity("1Mi") }, ["HostConfig", "Memory"], 1_048_576),
    ("no swap", { $0.resources.limits.memory = Quantity("1Mi") }, ["HostConfig", "MemorySwap"], 1_048_576),
    ("requests.cpu", { $0.resources.requests.cpu = Quantity("2") }, ["HostConfig", "CpuShares"], 2048),
    ("requests.memory", { $0.resources.requests.memory = Quantity("1Ki") }, ["HostConfig", "MemoryReservation"], 1024),
    (
      "gpu", { $0.resources.limits.gpu = Quantity("2") }, ["HostConfig", "DeviceRequests"],
      [["Driver": "", "Count": 2, "Capabilities": [["gpu"]]]]
    ),
    ("run_as_user", { $0.runAsUser = 5 }, ["User"], "5"),
    ("run_as_group", { $0.runAsGroup = 6 }, ["User"], "<user of the image>:6"),
    (
      "both",
      {
        $0.runAsUser = 5
        $0.runAsGroup = 6
      }, ["User"], "5:6"
    ),
    ("fs_group", { $0.fsGroup = 7 }, ["HostConfig", "GroupAdd"], ["7"]),
    ("command", { $0.command = "a b" }, ["Entrypoint"], ["a b"]),
    ("args", { $0.args = ["x", "y z"] }, ["Cmd"], ["x", "y z"]),
    (
      "handler", { $0.handler = "main" }, ["Env"],
      ["PROJECT_NAME=p1", "RUN_ID=00112233445566778899aabbccddeeff", "DH_HANDLER=main"]
    ),
    (
      "envs win", { $0.envs = [EnvironmentVariable(name: "PROJECT_NAME", value: "mine")] }, ["Env"],
      ["PROJECT_NAME=mine", "RUN_ID=00112233445566778899aabbccddeeff"]
    ),
    (
      "short volume", { $0.volumes = [Volume(kind: nil, name: "data", mountPath: "/data")] }, ["HostConfig", "Mounts"],
      [["Type": "volume", "Source": "dh-p1-data", "Target": "/data"]]
    ),
    (
      "memory volume",
      {
        $0.volumes = [
          Volume(kind: .emptyDir, name: "m", mountPath: "/m", spec: ["medium": "Memory", "size_limit": "1Ki"])
        ]
      },
      ["HostConfig", "Tmpfs"], ["/m": "rw,exec,nosuid,nodev,mode=1777,size=1024"]
    ),
    (
      "disk", { $0.resources.disk = Quantity("1Gi") }, ["HostConfig", "Binds"],
      ["dh-00112233445566778899aabbccddeeff-disk:/shared:nocopy"]
    ),
    ("a deploy restarts", { $0.action = .deploy }, ["HostConfig", "RestartPolicy"], ["Name": "unless-stopped"]),
    (
      "a serve publishes",
      {
        $0.action = .serve
        $0.servicePorts = [ServicePort(port: 80, targetPort: 8080)]
      }, ["HostConfig", "PortBindings"], ["8080/tcp": [["HostIp": "127.0.0.1", "HostPort": "80"]]]
    ),
  ]

  @Test(arguments: landings.indices)
  func everyParameterLands(index: Int) throws {
    let (name, change, path, expected) = Self.landings[index]
    var value: JSONValue? = try plan(change).containers.first?.create.body.map { .object($0) }
    for member in path { value = value?[member] }
    #expect(value == expected, "\(name)")
  }

  static let refused: [(@Sendable (inout WorkloadSpec) -> Void, String)] = [
    ({ $0.runtimeClass = "kata" }, "/runtime_class"),
    // Amounts that the engine's units can't hold: cpu and mem are easily swapped.
    ({ $0.resources.limits.cpu = Quantity("16Gi") }, "/resources/limits/cpu"),
    ({ $0.resources.requests.cpu = Quantity("2P") }, "/resources/requests/cpu"),
    (
      {
        $0.action = .deploy
        $0.replicas = 1_000_000_000
      }, "/replicas"
    ),
    ({ $0.codeSource = "store://p/artifact/artifact/a:1" }, "/code_src"),
    (
      {
        $0.code = "x"
        $0.volumes = [Volume(kind: .emptyDir, name: "v", mountPath: "/shared/", spec: ["medium": "Memory"])]
      }, "/volumes/0/spec/medium"
    ),
    (
      {
        $0.action = .serve
        $0.serviceType = .externalName
      }, "/service_type"
    ),
    (
      {
        $0.action = .serve
        $0.servicePorts = [1, 2].map { ServicePort(port: $0, targetPort: 80, nodePort: 31_000) }
      }, "/service_ports/1/node_port"
    ),
    ({ $0.volumes = [Volume(kind: .configMap, name: "c", mountPath: "/c")] }, "/volumes/0"),
  ]

  @Test(arguments: refused.indices)
  func whatCannotBeHonouredIsNamed(index: Int) throws {
    let (change, pointer) = Self.refused[index]
    let error = #expect(throws: SidecarError.self) { try plan(change) }
    #expect(error?.code == .unsupportedParameter)
    #expect(error?.faults.map(\.pointer) == [pointer])
  }

  @Test func hostPathsNeedTheSettings() throws {
    func plan(_ isAllowed: Bool) throws -> EnginePlan {
      try EnginePlanner.plan(
        .sample(runID: Self.runID) {
          $0.image = "busybox"
          let spec: JSONObject = ["path": "/srv", "read_only": true]
          $0.volumes = [Volume(kind: .hostPath, name: "h", mountPath: "/h", spec: spec)]
        },
        allowsHostPaths: isAllowed
      )
    }
    let error = #expect(throws: SidecarError.self) { try plan(false) }
    #expect(error?.faults.map(\.pointer) == ["/volumes/0"])
    #expect(error?.faults[0].hint?.contains("allow_host_paths") == true)
    let mounts = try plan(true).containers[0].create.body?["HostConfig"]?["Mounts"]
    #expect(mounts == [["Type": "bind", "Source": "/srv", "Target": "/h", "ReadOnly": true]])
  }

  @Test func everythingSaysWhoseItIs() throws {
    var execution = Execution.sample(runID: Self.runID) {
      $0.image = "busybox"
      $0.action = .serve
      $0.serviceName = "api"
      $0.volumes = [.ephemeral, .persistentVolumeClaim, .sharedVolume].enumerated().map {
        Volume(kind: $1, name: "v\($0)", mountPath: "/\($0)")
      }
    }
    execution.catalog = "c-1"
    let plan = try EnginePlanner.plan(execution)
    let labels = (plan.preparations + plan.containers.map(\.create)).map { $0.body?["Labels"] }
    #expect(labels.count == 5 && labels.allSatisfy { $0?["io.dh-sidecar.catalog"] == "c-1" })
    // What outlives the run names no run.
    #expect(labels.map { $0?["io.dh-sidecar.run"] != nil } == [true, false, false, false, true])
    #expect(labels[0..<3].map { $0?["io.dh-sidecar.volume"] } == ["own", "claim", "shared"])
  }

  @Test func aSizeIsAskedForAndSaidToBeUncertain() throws {
    let plan = try plan {
      $0.volumes = [
        Volume(kind: .emptyDir, name: "e", mountPath: "/a/b", spec: ["size_limit": "1Mi"]),
        Volume(kind: .persistentVolumeClaim, name: "p", mountPath: "/p", spec: ["size": "1Mi", "storage_class": "x"]),
      ]
      $0.fsGroup = 7
    }
    #expect(plan.preparations.map { $0.body?["DriverOpts"] } == [["size": "1048576"], ["size": "1048576"]])
    #expect(plan.preparations.allSatisfy { $0.condition?.contains("quota") == true })
    #expect(
      plan.warnings.map { "\($0.pointer) \($0.code)" } == [
        "/volumes/0/spec/size_limit size_not_enforced", "/volumes/1/spec/size size_not_enforced",
        "/volumes/1/spec/storage_class no_effect", "/fs_group ownership_unchanged",
      ]
    )
    let puts = plan.calls.filter { $0.method == "PUT" }.map(\.path)
    #expect(puts == ["%2Fa", "%2F"].map { "/containers/dh-\(Self.runID)/archive?path=" + $0 })
  }

  @Test func differentVolumesHaveDifferentNames() {
    #expect(VolumeName.claim("data", project: "p1") == "dh-p1-data")
    let pairs = [("a-b", "c"), ("a", "b-c"), ("a", "-b-c"), ("a-", "b-c"), ("a-b-", "c"), ("a", "b c"), ("a", "b_c")]
    let names = pairs.map { VolumeName.claim($0.1, project: $0.0) }
    #expect(Set(names).count == names.count)
    for name in names + ["", "é", ".x", "a b"].map({ VolumeName.clean($0) }) {
      let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
      #expect(isPlain && name.first?.isLetter == true)
    }
  }

  @Test func placementIsAWarning() throws {
    let warnings = try plan { $0.nodeSelector = [NodeLabel(key: "a", value: "b")] }.warnings
    #expect(warnings.map(\.pointer) == ["/node_selector"])
  }

  @Test func aDeployHasNumberedReplicas() throws {
    let names = try plan {
      $0.action = .deploy
      $0.replicas = 3
    }.containers.map(\.name)
    #expect(names == (1...3).map { "dh-\(Self.runID)-\($0)" })
  }

  @Test func aBuildSendsItsDockerfile() throws {
    let plan = try plan {
      $0.action = .build
      $0.baseImage = "python:3.11-slim"
      $0.image = "myrepo/myapp:0.1.0"
      $0.instructions = ["apt-get update"]
    }
    let calls = JSONValue.array(plan.calls.map { .object($0.json) })
    let golden = """
      [{"method":"POST","path":"/images/create?fromImage=docker.io%2Flibrary%2Fpython%3A3.11-slim","when":"image absent"},
      {"method":"POST",
      "path":"/build?t=docker.io%2Fmyrepo%2Fmyapp%3A0.1.0&dockerfile=Dockerfile&rm=1&forcerm=1",
      "body":{"Dockerfile":"FROM docker.io/library/python:3.11-slim\\nRUN apt-get update\\n"}}]
      """
    #expect(try calls == JSONValue(parsing: golden))
  }

  private static let zeros = String(repeating: "0", count: 64)

  @Test(arguments: [
    ("busybox", "docker.io/library/busybox:latest"), ("a/b:1", "docker.io/a/b:1"),
    ("localhost/x", "localhost/x:latest"), ("127.0.0.1:5000/x:t", "127.0.0.1:5000/x:t"),
    ("ghcr.io/a/b@sha256:\(zeros)", "ghcr.io/a/b@sha256:\(zeros)"), ("index.docker.io/a/b", "docker.io/a/b:latest"),
  ])
  func namesAreQualified(name: String, qualified: String) throws {
    #expect(try EnginePlanner.qualified(name, pointer: "/image") == qualified)
  }

  @Test(
    arguments: [
      ("f", "localhost/p/f:01234567"), ("my_function", "localhost/p/my-function:01234567"),
      ("F", "localhost/p/f:01234567"), ("+", "localhost/p/x:01234567"),
    ]
  )
  func anImageThatNobodyNamed(function: String, image: String) throws {
    let execution = Execution(
      project: "p",
      functionName: function,
      functionID: "0123456789abcdef",
      runID: "r",
      spec: WorkloadSpec(action: .build)
    )
    #expect(EnginePlanner.builtImage(execution) == image)
    #expect(try EnginePlanner.qualified(image, pointer: "/image") == image)
  }
}
