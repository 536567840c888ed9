import CoreDouble
import JSON
import Testing

@Suite struct DoubleTests {
  // MARK: What it refuses

  struct Refusal: Sendable, CustomTestStringConvertible {
    let method: String
    let path: String
    var body: JSONValue?
    var level = 15
    let status: Int
    let message: String

    var testDescription: String { "\(level) \(method) \(path) \(message)" }
  }

  private static let run: JSONValue = ["task": "container+job://p1/t-job", "function": "container://p1/f:f1"]

  static let refusals = [
    Refusal(
      method: "POST",
      path: "projects",
      body: ["kind": "project", "name": "my_project"],
      status: 400,
      message: "must match"
    ),
    Refusal(
      method: "POST",
      path: "projects",
      body: ["kind": "project", "name": "p"],
      status: 400,
      message: "between 2 and 38"
    ),
    Refusal(
      method: "POST",
      path: "projects",
      body: ["kind": "project", "name": "p1"],
      status: 400,
      message: "Duplicated entity project:p1."
    ),
    Refusal(method: "GET", path: "projects/other", status: 404, message: "No such project."),
    Refusal(method: "GET", path: "-/p1/runs/none", status: 404, message: "No such run."),
    Refusal(method: "GET", path: "-/p1/runs/a:b", status: 400, message: "must match"),
    Refusal(method: "GET", path: "-/p1/runs?size=1001", status: 400, message: "max page size exceeded"),
    Refusal(method: "GET", path: "-/p1/runs?sort=nonsense,asc", status: 400, message: "No property 'nonsense'"),
    Refusal(method: "GET", path: "-/p1/runs?created=yesterday", status: 400, message: "could not be parsed"),
    Refusal(method: "GET", path: "-/p2/functions/f1", status: 400, message: "invalid project"),
    Refusal(
      method: "POST",
      path: "-/nowhere/functions",
      body: ["kind": "container", "name": "f"],
      status: 400,
      message: "invalid or missing project"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/functions",
      body: ["kind": "python", "name": "f"],
      status: 400,
      message: "invalid kind"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/functions",
      body: ["kind": "container", "name": "a/b"],
      status: 400,
      message: "name: must match"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/functions",
      body: ["kind": "container", "name": "g", "id": "f1"],
      status: 400,
      message: "Duplicated entity function:f1."
    ),
    Refusal(
      method: "POST",
      path: "-/p1/tasks",
      body: ["kind": "container+job", "spec": ["function": "container://p1/f:none"]],
      status: 400,
      message: "invalid executable entity"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/tasks",
      body: ["kind": "container+job", "spec": ["function": "container://p2/f:f1"]],
      status: 400,
      message: "project mismatch"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/tasks",
      body: ["kind": "container+fly", "spec": ["function": "container://p1/f:f1"]],
      status: 400,
      message: "invalid kind"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/tasks",
      body: ["kind": "container+deploy", "spec": ["function": "container://p1/f:f1", "replicas": 0]],
      status: 400,
      message: "replicas"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "spec": [:]],
      status: 400,
      message: "spec: missing task"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "spec": ["task": "container+job://p1/none"]],
      status: 400,
      message: "invalid task"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "spec": ["task": "container+job://p2/t-job"]],
      status: 400,
      message: "project mismatch"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+run", "spec": run],
      status: 400,
      message: "invalid kind"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "spec": run],
      level: 13,
      status: 400,
      message: "invalid kind"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "id": "A:B", "spec": run],
      status: 400,
      message: "id: must match"
    ),
    Refusal(
      method: "POST",
      path: "-/p1/runs",
      body: ["kind": "container+job:run", "id": "r1", "spec": run],
      status: 400,
      message: "Duplicated entity run:r1."
    ),
    Refusal(method: "POST", path: "-/p1/runs/r1/fly", level: 13, status: 404, message: "Not Found"),
  ]

  @Test(arguments: refusals) func whatCoreRefuses(_ refusal: Refusal) {
    var talk = Conversation(level: refusal.level)
    talk.ask("POST", "projects", ["kind": "project", "name": "p2"])
    talk.prepare()
    talk.run()
    let answer = talk.ask(refusal.method, refusal.path, refusal.body)
    #expect(answer.status == refusal.status)
    #expect(answer.json["message"]?.stringValue?.contains(refusal.message) == true, "\(answer.json)")
  }

  // MARK: What it makes of a spec

  @Test func theFunctionsValuesWin() {
    var talk = Conversation()
    talk.prepare(function: ["image": "alpine:3", "command": "", "image_pull_policy": "Always", "nonsense": 1])
    #expect(talk.ask("GET", "-/p1/functions/f1").json["spec"] == ["image": "alpine:3", "command": ""])
    let run = talk.run([
      "image": "other", "command": "echo", "image_pull_policy": "Never", "nonsense": 1, "profile": "unknown",
    ])
    #expect(run.json["spec"]?["image"] == "alpine:3")
    #expect(run.json["spec"]?["command"] == "echo")
    #expect(run.json["spec"]?["image_pull_policy"] == "Never")
    #expect(run.json["spec"]?["nonsense"] == nil)
    #expect(run.json["status"]?["state"] == "READY")
  }

  @Test func aTasksValuesFillGaps() {
    var talk = Conversation()
    talk.ask("POST", "projects", ["kind": "project", "name": "p1"])
    talk.ask("POST", "-/p1/functions", ["kind": "container", "name": "f", "id": "f1", "spec": ["image": "alpine"]])
    talk.ask("POST", "-/p1/tasks", talk.task("job", ["profile": "a", "run_as_user": 7]))
    let run = talk.run(["profile": "b"])
    #expect(run.json["spec"]?["profile"] == "b")
    #expect(run.json["spec"]?["run_as_user"] == 7)
  }

  @Test func anUpdateLeavesTheSpecAsItIs() {
    var talk = Conversation()
    talk.prepare()
    let body: JSONValue = ["kind": "container", "name": "f", "metadata": ["labels": ["a"]], "spec": ["image": "other"]]
    let answer = talk.ask("PUT", "-/p1/functions/f1", body)
    #expect(answer.json["spec"] == ["image": "alpine:3"])
    #expect(answer.json["metadata"]?["labels"] == ["a"])
  }

  // MARK: States

  static let lives: [(level: Int, action: String, spec: JSONObject, states: [String])] = [
    (15, "job", [:], ["READY", "PENDING", "RUNNING", "COMPLETED", "COMPLETED"]),
    (14, "job", ["args": ["exit", "3"]], ["READY", "PENDING", "RUNNING", "ERROR"]),
    (13, "job", [:], ["READY", "RUNNING", "COMPLETED"]),
    (15, "serve", ["service_ports": [["port": 80, "target_port": 8080]]], ["READY", "PENDING", "RUNNING", "RUNNING"]),
    (15, "serve", ["service_ports": [["port": 80, "targetPort": 8080]]], ["READY", "ERROR"]),
    (15, "deploy", ["args": ["exit", "0"]], ["READY", "PENDING", "RUNNING", "ERROR"]),
    (15, "deploy", ["replicas": 0], ["ERROR"]),
    (15, "job", ["envs": [["name": "DOUBLE_REFUSED", "value": "no"]]], ["READY", "ERROR"]),
    (15, "job", ["envs": [["name": "DOUBLE_BROKEN", "value": "no"]]], ["ERROR"]),
    (15, "job", ["volumes": [["volume_type": "shared_volume", "name": "x", "mount_path": "/x"]]], ["ERROR"]),
  ]

  @Test(arguments: lives.indices) func aLife(_ index: Int) {
    let life = Self.lives[index]
    var talk = Conversation(level: life.level)
    talk.prepare(life.action)
    #expect(talk.run(life.spec, action: life.action).json["status"]?["state"]?.stringValue == life.states[0])
    for state in life.states.dropFirst() { #expect(talk.state(after: 100) == state) }
  }

  @Test(arguments: [(15, "PENDING"), (14, "PENDING"), (13, "RUNNING")])
  func anImageThatCannotBePulled(_ level: Int, _ state: String) {
    var talk = Conversation(level: level)
    talk.prepare(function: ["image": "missing:1"])
    talk.run()
    #expect(talk.state(after: 100_000) == state)
    let pods = talk.ask("GET", "-/p1/runs/r1").json["status"]?["pods"]
    #expect(pods?.arrayValue?.first?["containers"]?.arrayValue?.first?["state"] == "waiting: ImagePullBackOff")
    #expect(talk.ask("GET", "-/p1/runs/r1/logs").json == [])
  }

  @Test func aFailedJobSaysItsExitCodeInWords() {
    var talk = Conversation()
    talk.prepare(function: ["image": "alpine", "command": "false"])
    talk.run()
    talk.now += 300
    let status = talk.ask("GET", "-/p1/runs/r1").json["status"]
    #expect(status?["message"] == "Job failed: 1")
    #expect(
      status?["transitions"]?.arrayValue?.map { $0["status"] } == [
        "ERROR", "RUNNING", "PENDING", "READY", "BUILT", "CREATED",
      ]
    )
    let container = status?["pods"]?.arrayValue?.first?["containers"]?.arrayValue?.first
    #expect(container?["state"] == "terminated at 2027-01-15T08:00:00.300Z exitCode: 1 reason: Error")
  }

  @Test func aServeHasAService() {
    var talk = Conversation()
    talk.prepare("serve")
    talk.run(
      ["service_ports": [["port": 80, "target_port": 8080]], "replicas": 3, "service_name": "x"],
      action: "serve"
    )
    talk.now += 200
    let status = talk.ask("GET", "-/p1/runs/r1").json["status"]
    #expect(status?["service"]?["url"] == "s-containerserve-r1.dh:80")
    #expect(status?["service"]?["type"] == "NodePort")
    #expect(status?["service"]?["aliases"] == ["s-p1-f-x"])
    #expect(status?["pods"]?.arrayValue?.count == 1)
  }

  @Test func stopAndResume() {
    for level in [13, 15] {
      var talk = Conversation(level: level)
      talk.prepare("serve")
      talk.run(["service_ports": [["port": 80, "target_port": 80]]], action: "serve")
      // Swallowed: nothing runs yet.
      #expect(talk.ask("POST", "-/p1/runs/r1/stop").json["status"]?["state"] == "READY")
      #expect(talk.state(after: 200) == "RUNNING")
      #expect(talk.ask("POST", "-/p1/runs/r1/stop").json["status"]?["state"] == "STOP")
      #expect(talk.state(after: 100) == "STOPPED")
      let resumed = talk.ask("POST", "-/p1/runs/r1/resume")
      #expect(resumed.status == 200)
      #expect(resumed.json["status"]?["state"] == (level == 13 ? "RESUME" : "STOPPED"))
      #expect(talk.state(after: 100) == (level == 13 ? "RUNNING" : "STOPPED"))
      #expect(talk.ask("DELETE", "-/p1/runs/r1").json["status"]?["state"] == "DELETING")
      #expect(talk.state(after: 99) == "DELETING")
      #expect(talk.state(after: 1) == nil)
    }
  }

  // MARK: Builds

  static let builds: [(level: Int, function: JSONObject, instructions: JSONValue, message: String?, image: String)] = [
    (
      15, ["base_image": "python:3", "image": "me/app:1"], ["RUN  apt-get   update"], nil,
      "registry.example/dhcore-me/app:r1"
    ),
    (15, ["base_image": "python:3", "image": "localhost:5000/x:1"], [], nil, "registry.example/dhcore-localhost:r1"),
    (15, ["base_image": "python:3"], ["LABEL a=b"], nil, "registry.example/dhcore-p1-f:r1"),
    (15, ["base_image": "python:3"], ["apt-get update"], "Kind.APT-GET", ""),
    (15, [:], ["RUN true"], "instructions must start with FROM", ""),
    (14, ["source": ["lang": "dockerfile", "base64": "RlJPTSB4Cg=="]], [], nil, "registry.example/dhcore-p1-f:r1"),
    (13, ["base_image": "python:3"], ["apt-get update"], nil, "registry.example/dhcore-p1-f:r1"),
    (13, [:], ["apt-get update"], "invalid or missing baseImage", ""),
  ]

  @Test(arguments: builds.indices) func aBuild(_ index: Int) {
    let build = Self.builds[index]
    var talk = Conversation(level: build.level)
    talk.prepare("build", function: build.function)
    let answer = talk.run(["instructions": build.instructions], action: "build")
    #expect(answer.status == 200)
    guard let message = build.message else {
      #expect(talk.state(after: 300) == "COMPLETED")
      #expect(talk.ask("GET", "-/p1/functions/f1").json["spec"]?["image"]?.stringValue == build.image)
      let status = talk.ask("GET", "-/p1/runs/r1").json["status"]
      #expect((status?["dockerfile"] != nil) == (build.level == 15))
      return
    }
    #expect(answer.json["status"]?["state"] == "ERROR")
    #expect(answer.json["status"]?["message"]?.stringValue?.contains(message) == true)
  }

  // MARK: Lists

  @Test func listsAreFilteredSortedAndPaged() {
    var talk = Conversation()
    talk.prepare()
    talk.ask("POST", "-/p1/functions", ["kind": "container", "name": "f", "id": "f2", "spec": ["image": "b"]])
    for index in 0..<30 {
      talk.now += 1
      talk.run(id: "r\(index)")
    }
    func ids(_ query: String) -> [String] {
      talk.ask("GET", "-/p1/\(query)").json["content"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
    }
    #expect(ids("functions") == ["f2"])
    #expect(ids("functions?name=f&versions=all") == ["f2", "f1"])
    #expect(ids("functions?name=other") == [])
    #expect(ids("runs").count == 25)
    #expect(ids("runs").first == "r29")
    #expect(ids("runs?page=1") == ["r4", "r3", "r2", "r1", "r0"])
    #expect(ids("runs?page=2") == [])
    #expect(ids("runs?size=2&sort=created,ASC") == ["r0", "r1"])
    #expect(ids("runs?function=container://p1/f:f1&size=3").count == 3)
    #expect(ids("runs?function=container://p1/f").count == 25)
    #expect(ids("runs?function=container://p1/f:f2") == [])
    #expect(ids("runs?task=container%2Bjob://p1/t-job&action=job&state=READY&kind=container%2Bjob:run").count == 25)
    #expect(ids("runs?action=serve") == [])
    #expect(ids("runs?created=2027-01-15T08:00:00.029Z") == ["r29", "r28"])
    #expect(ids("runs?created=2027-01-15T09:00:00.001%2B01:00,2027-01-15T08:00:00.002Z") == ["r1", "r0"])
    #expect(ids("tasks?function=container://p1/f:f1&kind=container%2Bjob") == ["t-job"])
    #expect(ids("tasks?kind=job") == [])
  }

  // MARK: Logs, metrics, secrets, schemas

  @Test(arguments: [(13, false, false), (15, true, false), (15, true, true)])
  func logsGrowAndHaveTheirShape(_ level: Int, _ hasExtensions: Bool, _ isFlat: Bool) {
    var talk = Conversation(level: level) { if isFlat { $0.logShape = .flat } }
    talk.prepare()
    talk.run(["args": ["log", "a", "log", "b"]])
    #expect(talk.ask("GET", "-/p1/runs/r1/logs").json == [])
    talk.now += level == 13 ? 100 : 200
    #expect(talk.ask("GET", "-/p1/runs/r1/logs").json.arrayValue?.first?["content"] == "YQo=")
    talk.now += 100
    let log = talk.ask("GET", "-/p1/runs/r1/logs").json.arrayValue?.first
    #expect(log?["content"] == "YQpiCg==")
    #expect((log?["extensions"] != nil) == hasExtensions)
    #expect((log?["kind"] == nil) == isFlat)
    #expect((isFlat ? log?["run"] : log?["spec"]?["run"]) == "r1")
  }

  @Test func metrics() {
    var talk = Conversation()
    talk.prepare()
    talk.run()
    #expect(talk.ask("PUT", "-/p1/runs/r1/metrics/loss", [1, 0]).status == 200)
    #expect(talk.ask("PUT", "-/p1/runs/r1/metrics/loss", "no").status == 400)
    #expect(talk.ask("GET", "-/p1/runs/r1/metrics").json == ["loss": [1, 0]])
    #expect(talk.ask("GET", "-/p1/runs/r1/metrics/loss").json == [1, 0])
  }

  @Test func secrets() {
    var talk = Conversation()
    talk.prepare()
    talk.ask("POST", "-/p1/secrets", ["kind": "secret", "name": "S1", "id": "s1", "spec": ["path": "secret://S1"]])
    #expect(talk.ask("PUT", "-/p1/secrets/data", ["S1": "v", "A": "w"]).status == 200)
    #expect(talk.ask("GET", "-/p1/secrets/data?keys=S1,A,none").json == ["A": "w", "S1": "v"])
    let names = talk.ask("GET", "-/p1/secrets").json["content"]?.arrayValue?.map { $0["name"] }
    #expect(names == ["A", "S1"])
    talk.ask("DELETE", "-/p1/secrets/s1")
    #expect(talk.ask("GET", "-/p1/secrets/data?keys=S1").json == [:])
  }

  @Test func schemasComeFromTheirFolder() {
    var talk = Conversation(level: 14) { $0.schemas = Traces.folder + "/../core-schemas" }
    let schema = talk.ask("GET", "schemas/run/container+serve:run").json["schema"]
    #expect(schema?["properties"]?["task"] != nil)
    #expect(talk.ask("GET", "schemas/task?runtime=container").json["totalElements"] == 4)
    #expect(talk.ask("GET", "schemas/task/none").status == 404)
    // Profiles: in the runs' schemas, and from 0.15.1 on in the configuration too.
    #expect(schema?["properties"]?["profile"]?["oneOf"] == [["const": ""], ["const": "template-a100"]])
    #expect(talk.ask("GET", "/.well-known/configuration").json["k8s_resource_profiles"] == nil)
    talk = Conversation(level: 15)
    let profiles = talk.ask("GET", "/.well-known/configuration").json["k8s_resource_profiles"]
    #expect(profiles?.arrayValue?.count == 1)
  }

  // MARK: Who may

  static let callers: [(DoubleOptions.Authentication, header: String?, status: Int)] = [
    (.none, nil, 200), (.basic, nil, 403), (.basic, "Basic dTpwdw==", 200), (.basic, "Basic dTpubw==", 403),
    (.bearer, nil, 403), (.bearer, "Bearer access-1", 200), (.bearer, "Bearer old", 401),
    (.bearer, "Bearer dhcp_pat", 200), (.bearer, "Basic dTpwdw==", 403),
  ]

  @Test(arguments: callers.indices) func credentials(_ index: Int) {
    let caller = Self.callers[index]
    var talk = Conversation { $0.authentication = caller.0 }
    let headers = caller.header.map { [(name: "Authorization", value: $0)] } ?? []
    let answer = talk.ask("GET", "/api/auth", headers: headers)
    #expect(answer.status == caller.status)
    #expect(answer.headers.contains { $0.name == "WWW-Authenticate" } == (caller.status == 401))
    #expect(talk.ask("GET", "/.well-known/configuration").status == 200)
  }

  @Test func aRefreshTokenIsUsedOnce() {
    var talk = Conversation { $0.authentication = .bearer }
    let form = "/auth/token?grant_type=refresh_token&client_id=c&refresh_token=refresh-1"
    let granted = talk.ask("GET", form)
    #expect(granted.json["access_token"] == "access-2")
    #expect(granted.json["refresh_token"] == "refresh-2")
    #expect(talk.ask("GET", form).status == 400)
    talk.now += 3_600_000
    let late = talk.ask("GET", "projects", headers: [("Authorization", "Bearer access-2")])
    #expect(late.status == 401)
  }

  @Test func clientCredentials() {
    var talk = Conversation { $0.authentication = .bearer }
    let form = "/auth/token?grant_type=client_credentials"
    #expect(talk.ask("GET", form).status == 403)
    #expect(
      talk.ask("GET", form, headers: [("Authorization", "Basic YzpzZWNyZXQ=")]).json["access_token"] == "access-2"
    )
  }

  @Test func aProjectWithoutARole() {
    var talk = Conversation { $0.forbiddenProjects = ["p2"] }
    #expect(talk.ask("GET", "-/p2/runs").status == 403)
    #expect(talk.ask("GET", "projects/p2").status == 403)
  }

  @Test(arguments: [
    (DoubleOptions.VersionHeader.ofLevel, ["15"]), (.absent, []), (.text(""), [""]), (.text("21"), ["21"]),
  ])
  func versionHeaders(_ header: DoubleOptions.VersionHeader, _ values: [String]) {
    var talk = Conversation { $0.apiLevel = header }
    let answer = talk.ask("GET", "projects/none")
    #expect(answer.headers.filter { $0.name == "X-Api-Level" }.map(\.value) == values)
  }
}
