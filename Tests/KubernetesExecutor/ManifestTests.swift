import Foundation
import JSON
import Model
import Platform
import Testing

@testable import KubernetesExecutor

/// From a run to a cluster's objects.
@Suite struct ManifestTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let action: Action
    let function: JSONObject
    let run: JSONObject
    var ephemeralVolumes = true
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "job", action: .job, function: ["image": "hello-world"], run: [:]),
    Case(
      name: "full-job",
      action: .job,
      function: [
        "image": "python:3.11", "image_pull_policy": "Always", "code": "print(1)", "lang": "python", "handler": "f",
      ],
      run: [
        "args": ["--x", "$(RUN_ID) $$ $HOME"], "command": "python3",
        "envs": [["name": "FOO", "value": "$(PATH)"], ["name": "RUN_ID", "value": "mine"]], "secrets": ["S1", "S2"],
        "resources": [
          "cpu": "500m", "limits": ["mem": "1Gi", "cpu": "1"], "requests": ["mem": "512Mi"], "gpu": "1", "disk": "2Gi",
        ],
        "node_selector": ["disktype": "ssd"],
        "affinity": [
          "node_affinity": [
            "required_during_scheduling_ignored_during_execution": [
              "node_selector_terms": [
                ["match_expressions": [["key": "a_b", "operator": "In", "values": ["x_y"]]]]
              ]
            ]
          ]
        ],
        "tolerations": [["key": "gpu", "operator": "Exists", "toleration_seconds": 30]], "runtime_class": "gvisor",
        "priority_class": "high", "run_as_user": 1000, "run_as_group": 1001, "fs_group": 2000,
      ]
    ),
    Case(
      name: "volumes",
      action: .job,
      function: ["image": "busybox"],
      run: [
        "volumes": [
          ["volume_type": "persistent_volume_claim", "name": "data", "mount_path": "/a", "spec": ["size": "2Gi"]],
          ["volume_type": "shared_volume", "name": "s", "mount_path": "/b", "spec": ["claim_name": "datasets"]],
          [
            "volume_type": "empty_dir", "name": "m", "mount_path": "/c",
            "spec": ["medium": "Memory", "size_limit": "1Mi"],
          ],
          [
            "volume_type": "ephemeral", "name": "e", "mount_path": "/d",
            "spec": ["size": "1Gi", "storage_class": "fast"],
          ],
          ["volume_type": "config_map", "name": "settings", "mount_path": "/e"],
          ["volume_type": "secret", "name": "x", "mount_path": "/f", "spec": ["name": "tls"]],
          ["name": "short", "mountPath": "/g"],
          ["volume_type": "persistent_volume_claim", "name": "unsized", "mount_path": "/h"],
        ]
      ]
    ),
    Case(
      name: "old-cluster",
      action: .job,
      function: ["image": "busybox"],
      run: ["volumes": [["volume_type": "ephemeral", "name": "E", "mount_path": "/d"]]],
      ephemeralVolumes: false
    ),
    Case(
      name: "serve",
      action: .serve,
      function: ["image": "nginx"],
      run: [
        "replicas": 2, "service_type": "NodePort", "service_name": "api",
        "service_ports": [["port": 80, "targetPort": 8080, "node_port": 30080], ["port": 81, "target_port": 8080]],
      ]
    ),
    Case(
      name: "deploy",
      action: .deploy,
      function: ["image": "hello-world"],
      run: [
        "replicas": 3, "envs": [["name": "ENV", "value": "prod"]], "volumes": [["name": "data", "mountPath": "/data"]],
      ]
    ),
  ]

  static func execution(_ given: Case) throws -> Execution {
    let function = ParameterCheck(given.function, against: FunctionParameters.spec)
    let run = ParameterCheck(given.run, against: RunParameters.spec, action: given.action)
    #expect(function.faults.isEmpty && run.faults.isEmpty, "\(function.faults) \(run.faults)")
    let (spec, faults) = WorkloadSpec.make(function: function.normalised, run: run.normalised, action: given.action)
    #expect(faults.isEmpty, "\(faults)")
    return Execution(
      project: "my_project",
      functionName: "my_function",
      functionID: "ffffffffffffffffffffffffffffffff",
      runID: "0123456789abcdef0123456789abcdef",
      spec: try #require(spec)
    )
  }

  @Test(arguments: cases)
  func golden(_ given: Case) throws {
    var configuration = KubernetesConfiguration()
    configuration.features.ephemeralVolumes = given.ephemeralVolumes
    let plan = try ManifestPlanner.plan(Self.execution(given), configuration)
    let told: JSONObject = [
      "manifests": .array(plan.objects.map { .object($0) }), "warnings": .array(plan.warnings.map { .object($0.json) }),
    ]
    let text = JSONValue.object(told).text(.readable) + "\n"
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/\(given.name).json"
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func anAliasHasNothingBehindIt() throws {
    let given = Case(
      name: "",
      action: .serve,
      function: ["image": "nginx"],
      run: ["service_ports": [["port": 80]], "service_type": "ExternalName"]
    )
    let execution = try Self.execution(given)
    let error = #expect(throws: SidecarError.self) { try ManifestPlanner.plan(execution, KubernetesConfiguration()) }
    #expect(error?.faults.map(\.pointer) == ["/service_type"])
  }
}
