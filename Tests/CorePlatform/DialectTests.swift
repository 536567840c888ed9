import Foundation
import JSON
import Model
import Testing

@testable import CorePlatform

/// From what a caller sends to Core's run spec, release by release.
@Suite struct DialectTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let action: Action
    /// A function's spec and a run's, as they are sent; normalised here as the methods do it.
    let function: JSONObject
    let run: JSONObject
    var testDescription: String { name }
  }

  static let hello: JSONObject = ["image": "hello-world:latest"]

  /// The reference's five examples, and one call with everything.
  static let cases = [
    Case(name: "job", action: .job, function: hello, run: ["instructions": ["apt install git -y"]]),
    Case(
      name: "build",
      action: .build,
      function: hello,
      run: [
        "base_image": "python:3.11-slim", "instructions": ["apt-get update && apt-get install -y git"],
        "image": "myrepo/myapp:0.1.0",
      ]
    ),
    Case(
      name: "serve",
      action: .serve,
      function: hello,
      run: ["replicas": 2, "service_ports": [["port": 8080, "targetPort": 8080]], "service_type": "NodePort"]
    ),
    Case(
      name: "deploy",
      action: .deploy,
      function: hello,
      run: [
        "replicas": 3, "envs": [["name": "ENV", "value": "prod"]], "volumes": [["name": "data", "mountPath": "/data"]],
      ]
    ),
    Case(
      name: "full-job",
      action: .job,
      function: ["image": "python:3.11", "image_pull_policy": "Always", "code": "print(1)", "handler": "main:f"],
      run: [
        "args": ["--x"], "command": "python3", "envs": [["name": "FOO", "value": "bar"]], "secrets": ["S1"],
        "resources": ["cpu": "0.5", "mem": "1.5Gi", "gpu": 1], "profile": "template-a100", "run_as_user": 1000,
        "run_as_group": 1000, "fs_group": 2000,
        "volumes": [
          ["volume_type": "persistent_volume_claim", "name": "a", "mount_path": "/a", "spec": ["size": "10Gi"]],
          [
            "volume_type": "empty_dir", "name": "b", "mount_path": "/b",
            "spec": ["size_limit": "128Mi", "medium": "Memory"],
          ],
          [
            "volume_type": "ephemeral", "name": "c", "mount_path": "/c",
            "spec": ["size": "1Gi", "storageClass": "fast"],
          ],
        ],
      ]
    ),
    Case(
      name: "placement",
      action: .job,
      function: hello,
      run: [
        "node_selector": ["disk": "ssd"], "tolerations": [["key": "x", "operator": "Exists"]],
        "affinity": ["nodeAffinity": [:]], "runtime_class": "gvisor", "priority_class": "high",
      ]
    ),
    Case(
      name: "limits",
      action: .job,
      function: hello,
      run: ["resources": ["limits": ["cpu": "1", "memory": "512Mi"], "requests": ["cpu": "250m", "memory": "128Mi"]]]
    ),
    Case(name: "disk", action: .job, function: hello, run: ["resources": ["disk": "10Gi"]]),
    Case(
      name: "shared-volume",
      action: .deploy,
      function: hello,
      run: [
        "volumes": [
          ["volume_type": "shared_volume", "name": "d", "mount_path": "/d", "spec": ["claim_name": "datasets"]]
        ]
      ]
    ),
    Case(
      name: "whole-instructions",
      action: .build,
      function: ["base_image": "debian:12"],
      run: ["instructions": ["RUN make", "COPY a b", "LABEL a=b", "VOLUME /x"]]
    ),
    Case(
      name: "identity-of-a-serve",
      action: .serve,
      function: hello,
      run: ["service_ports": [["port": 80]], "run_as_user": 1000, "service_name": "api"]
    ),
    Case(name: "serve-without-ports", action: .serve, function: hello, run: [:]),
    Case(name: "conflicting-image", action: .job, function: hello, run: ["image": "busybox", "command": "sh"]),
    Case(name: "same-image", action: .job, function: hello, run: ["image": "hello-world:latest"]),
    Case(name: "image-with-port", action: .build, function: ["base_image": "a"], run: ["image": "localhost:5000/x:1"]),
    Case(name: "push-false", action: .build, function: ["base_image": "a"], run: ["image": "team/x", "push": false]),
    Case(
      name: "dockerfile",
      action: .build,
      function: ["lang": "dockerfile", "code": "FROM scratch\n", "image": "team/x"],
      run: [:]
    ),
    Case(
      name: "envs-of-cores-own",
      action: .job,
      function: hello,
      run: ["envs": [["name": "PROJECT_NAME", "value": "x"]]]
    ),
  ]

  static func translated(_ given: Case, _ dialect: any Dialect) throws -> Translation {
    let run = ParameterCheck(given.run, against: RunParameters.spec, action: given.action)
    let function = ParameterCheck(given.function, against: FunctionParameters.spec)
    #expect(run.faults.isEmpty && function.faults.isEmpty, "\(given.name): \(run.faults) \(function.faults)")
    let made = WorkloadSpec.make(function: function.normalised, run: run.normalised, action: given.action)
    let spec = try #require(made.spec, "\(given.name): \(made.faults)")
    return dialect.translate(RunPlan(spec: spec, given: run.normalised, function: function.normalised))
  }

  /// One file for each case, all releases in it: what differs between them is seen at a glance.
  @Test(arguments: cases)
  func golden(_ given: Case) throws {
    var told: JSONObject = [:]
    for dialect in Dialects.all {
      let translation = try Self.translated(given, dialect)
      var json: JSONObject = ["kind": .string(dialect.runKind(of: given.action))]
      // A refused run has no spec to be sent.
      if translation.faults.isEmpty { json["spec"] = .object(translation.spec) }
      if !translation.faults.isEmpty { json["faults"] = .array(translation.faults.map { .object($0.json) }) }
      if !translation.warnings.isEmpty { json["warnings"] = .array(translation.warnings.map { .object($0.json) }) }
      told[dialect.release] = .object(json)
    }
    let text = JSONValue.object(told).text(.golden) + "\n"
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/\(given.name).json"
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOfFile: path, encoding: .utf8))
  }

  /// A refusal names a remedy, and the parameter by a pointer.
  @Test(arguments: cases)
  func everyFaultHasAPointerAndAHint(_ given: Case) throws {
    for dialect in Dialects.all {
      for fault in try Self.translated(given, dialect).faults {
        #expect(fault.pointer.hasPrefix("/") && fault.hint != nil, "\(given.name) on \(dialect.release): \(fault)")
        #expect(fault.message.contains("Core") || fault.rule == "instruction" || fault.message.contains("build"))
      }
    }
  }

  @Test(arguments: [
    ("500m", "cpu", "500m"), ("1", "cpu", "1"), ("0.5", "cpu", "500m"), ("1e2", "cpu", "100000m"),
    ("512Mi", "mem", "512Mi"), ("1.5Gi", "mem", "1610612736"), ("100m", "mem", "1"), ("+2", "gpu", "2"),
    ("10G", "disk", "10G"), ("1P", "disk", "1P"),
  ])
  func quantitiesAreWhatCoresSchemaTakes(given: String, name: String, wanted: String) throws {
    let text = CoreQuantity.text(try #require(Quantity(given)), of: name)
    #expect(text == wanted)
    #expect(text.wholeMatch(of: /\d+([a-zA-Z]+)?/) != nil)
  }

  @Test(arguments: [
    (nil, nil, "Core 0.15", true), ("15", nil, "Core 0.15", false), ("14", "0.14.3", "Core 0.14", false),
    ("13", nil, "Core 0.13", false), ("", "0.13.2", "Core 0.13", false), ("", "", "Core 0.15", true),
    ("21", nil, "Core 0.15", true), ("11", nil, "Core 0.13", true), ("x", "1.0", "Core 0.15", true),
  ])
  func theReleaseIsFoundFromWhatTheServerSays(level: String?, version: String?, release: String, isGuess: Bool) {
    var facts = ServerFacts()
    facts.read(levelHeader: level, versionHeader: version)
    if facts.level == nil { facts.read(configuration: [:]) }
    #expect(facts.dialect.dialect.release == release)
    #expect((facts.dialect.warning != nil) == isGuess)
  }

  @Test func aForcedLevelStays() {
    var facts = ServerFacts(level: 13, levelSource: .setting)
    facts.read(levelHeader: "15", versionHeader: "0.15.0")
    facts.read(configuration: ["dhcore_api_level": 15])
    #expect(facts.level == 13)
  }
}
