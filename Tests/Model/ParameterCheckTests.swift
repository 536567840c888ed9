import JSON
import Model
import Testing

@Suite struct ParameterCheckTests {
  static func check(_ text: String) throws -> ParameterCheck {
    var params = try #require(try JSONValue(parsing: text).objectValue)
    if params["function"] == nil { params["function"] = "f" }
    if params["action"] == nil { params["action"] = "job" }
    let action = params["action"]?.stringValue.flatMap(Action.init)
    return ParameterCheck(params, against: RunParameters.run, action: action)
  }

  /// The parameter given, and what it is kept as.
  @Test(arguments: [
    (
      #"{"resources":{"limits":{"cpu":"1","memory":"512Mi"},"requests":{"cpu":"250m"}}}"#,
      #"{"resources":{"limits":{"cpu":"1","mem":"512Mi"},"requests":{"cpu":"250m"}}}"#
    ),
    (
      #"{"resources":{"cpu":1,"mem":"4Gi","gpu":"1","disk":"10Gi"}}"#,
      #"{"resources":{"requests":{"cpu":"1","mem":"4Gi","gpu":"1"},"disk":"10Gi"}}"#
    ),
    (
      #"{"resources":{"cpu":{"requests":0.5,"limits":"1"}}}"#,
      #"{"resources":{"requests":{"cpu":"0.5"},"limits":{"cpu":"1"}}}"#
    ),
    (#"{"node_selector":{"a":"b"}}"#, #"{"node_selector":[{"key":"a","value":"b"}]}"#),
    (#"{"volumes":[{"name":"data","mountPath":"/data"}]}"#, #"{"volumes":[{"name":"data","mount_path":"/data"}]}"#),
    (
      #"{"action":"serve","service_ports":[{"port":80,"targetPort":8080}]}"#,
      #"{"service_ports":[{"port":80,"target_port":8080}]}"#
    ),
    (#"{"uuid":"0F8FAD5B-D9CB-469F-A165-70867728950E"}"#, #"{"uuid":"0f8fad5bd9cb469fa16570867728950e"}"#),
    (
      #"{"service_ports":[{"port":80,"targetPort":8080,"target_port":8080}],"action":"serve"}"#,
      #"{"service_ports":[{"port":80,"target_port":8080}]}"#
    ),
  ])
  func normalises(given: String, kept: String) throws {
    let check = try Self.check(given)
    #expect(check.faults.isEmpty)
    for (name, value) in try #require(try JSONValue(parsing: kept).objectValue).members {
      #expect(check.normalised[name] == value)
    }
  }

  /// What is given, and the pointers and rules of all its faults.
  @Test(arguments: [
    (#"{"action":"jbo"}"#, ["/action enum"]), (#"{"nonsense":1}"#, ["/nonsense unknown_parameter"]),
    (#"{"replicas":2}"#, ["/replicas other_action"]), (#"{"action":"serve","replicas":0}"#, ["/replicas minimum"]),
    (#"{"run_as_user":-5,"run_as_group":"x"}"#, ["/run_as_user minimum", "/run_as_group type"]),
    (#"{"args":"a"}"#, ["/args type"]), (#"{"args":["a",1]}"#, ["/args/1 type"]), (#"{"args":null}"#, ["/args type"]),
    (#"{"args":["a\u0000b"]}"#, ["/args/0 nul_byte"]),
    (#"{"envs":[{"name":"1A"}]}"#, ["/envs/0/name format", "/envs/0/value required"]),
    (#"{"envs":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}"#, ["/envs/1/name duplicate"]),
    (#"{"secrets":["A","A"]}"#, ["/secrets/1 duplicate"]),
    (#"{"resources":{"cpu":"lots"}}"#, ["/resources/cpu quantity"]),
    (#"{"resources":{"cpu":"1","requests":{"cpu":"2"}}}"#, ["/resources/cpu conflicting_alias"]),
    (#"{"resources":{"cpu":{"requests":"2","limits":"1"}}}"#, ["/resources request_above_limit"]),
    (#"{"resources":{"gpu":"500m"}}"#, ["/resources integer"]),
    (
      #"{"resources":{"limits":{"cpu":"lots","memory":"1G"},"requests":{"memory":"2G"}}}"#,
      ["/resources/limits/cpu quantity", "/resources request_above_limit"]
    ),
    (
      #"{"volumes":[{"name":"","mount_path":"/a"},{"name":"b","mountPath":"/a"}],"image":""}"#,
      ["/volumes/0/name format", "/volumes/1/mount_path duplicate", "/image format"]
    ),
    (#"{"volumes":[{"volume_type":"nfs","name":"a","mount_path":"/a"}]}"#, ["/volumes/0/volume_type enum"]),
    (#"{"volumes":[{"name":"a","mount_path":"a"}]}"#, ["/volumes/0/mount_path format"]),
    (
      #"{"volumes":[{"name":"a","mount_path":"/a"},{"name":"a","mountPath":"/a"}]}"#,
      ["/volumes/1/mount_path duplicate", "/volumes/1/name duplicate"]
    ),
    (#"{"volumes":[{"name":"a","mount_path":"/a","mountPath":"/b"}]}"#, ["/volumes/0/mountPath conflicting_alias"]),
    (#"{"action":"serve","service_ports":[{"port":70000}]}"#, ["/service_ports/0/port maximum"]),
    (#"{"action":"serve","service_type":"nodeport"}"#, ["/service_type enum"]),
    (#"{"uuid":"x"}"#, ["/uuid format"]), (#"{"affinity":[]}"#, ["/affinity type"]),
    (#"{"a/b~c":1}"#, ["/a~1b~0c unknown_parameter"]),
  ])
  func reportsAllFaults(given: String, expected: [String]) throws {
    #expect(try Self.check(given).faults.map { "\($0.pointer) \($0.rule)" } == expected)
  }

  @Test func hintsAtWhatWasMeant() throws {
    let check = try Self.check(#"{"action":"serve","service_port":[],"service_ports":[{"port":1,"tagetPort":2}]}"#)
    #expect(check.faults.map(\.hint) == ["Did you mean `service_ports`?", "Did you mean `target_port`?"])
    let other = try Self.check(#"{"service_type":"NodePort"}"#)
    #expect(other.faults.first?.hint == "`serve` takes it; leave it out here.")
  }

  /// The reference's five examples, call for call.
  @Test func referenceExamplesPass() throws {
    let function = ParameterCheck(
      ["kind": "container", "name": "my_function", "image": "hello-world:latest"],
      against: FunctionParameters.create
    )
    #expect(function.faults.isEmpty)
    let runs = [
      #"{"action":"job","instructions":["apt install git -y"]}"#,
      #"{"action":"build","base_image":"python:3.11-slim","instructions":["apt-get update && apt-get install -y git"],"image":"myrepo/myapp:0.1.0"}"#,
      #"{"action":"serve","replicas":2,"service_ports":[{"port":8080,"targetPort":8080}],"service_type":"NodePort"}"#,
      #"{"action":"deploy","replicas":3,"envs":[{"name":"ENV","value":"prod"}],"volumes":[{"name":"data","mountPath":"/data"}]}"#,
    ]
    for text in runs {
      let check = try Self.check(text)
      #expect(check.faults.isEmpty)
      let action = try #require(check.normalised["action"]?.stringValue.flatMap(Action.init))
      #expect(check.warnings.map(\.pointer) == (action == .job ? ["/instructions"] : []))
      let made = WorkloadSpec.make(function: function.normalised, run: check.normalised, action: action)
      let spec = try #require(made.spec)
      #expect(spec.image == (action == .build ? "myrepo/myapp:0.1.0" : "hello-world:latest"))
    }
  }

  @Test func rulesBetweenParameters() {
    #expect(WorkloadSpec.make(function: [:], run: [:], action: .job).faults.map(\.pointer) == ["/image"])
    #expect(WorkloadSpec.make(function: [:], run: [:], action: .build).faults.map(\.pointer) == ["/base_image"])
    let dockerfile: JSONObject = ["lang": "dockerfile", "code": "FROM scratch\n"]
    #expect(WorkloadSpec.make(function: dockerfile, run: [:], action: .build).faults.isEmpty)
    #expect(WorkloadSpec.functionFaults(["code": "a", "code_src": "b"]).map(\.pointer) == ["/code_src"])
    let wins = WorkloadSpec.make(function: ["image": "a", "command": "x"], run: ["image": "b"], action: .job)
    #expect(wins.spec?.image == "b" && wins.spec?.command == "x")
  }

  @Test(arguments: [
    (#"{"node_selector":{"a":"b"}}"#, PlatformKind.local, [], ["/node_selector"]),
    (#"{"profile":"p"}"#, .local, [], []),
    (#"{"volumes":[{"volume_type":"secret","name":"a","mount_path":"/a"}]}"#, .local, ["/volumes/0"], []),
    (#"{"volumes":[{"name":"a","mount_path":"/a"}]}"#, .kubernetes, [], ["/volumes/0"]),
    (#"{"volumes":[{"name":"a","mount_path":"/a"}]}"#, .local, [], []),
  ])
  func platformsSpeakUp(given: String, platform: PlatformKind, faults: [String], warnings: [String]) throws {
    let params = try Self.check(given).normalised
    let found = PlatformFindings.of(params, parameters: RunParameters.run, platform: platform)
    #expect(found.faults.map(\.pointer) == faults)
    #expect(found.warnings.map(\.pointer) == warnings)
  }

  /// Each declaration is complete, and its own example passes its own check.
  @Test func declarationsAreComplete() {
    for parameter in FunctionParameters.create + RunParameters.run {
      #expect(!parameter.title.isEmpty && parameter.description.hasSuffix("."), "\(parameter.name)")
      guard let example = parameter.example else {
        #expect(["embedded"].contains(parameter.name), "\(parameter.name) has no example")
        continue
      }
      let optional = parameter.with { $0.required = false }
      #expect(ParameterCheck([parameter.name: example], against: [optional]).faults.isEmpty, "\(parameter.name)")
    }
    #expect(Set(RunParameters.run.map(\.name)).count == RunParameters.run.count)
  }
}
