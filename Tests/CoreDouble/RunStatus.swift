import JSON

/// What a run's `status` says at a moment, made of its record.
struct RunStatus {
  let entity: Entity
  let run: RunRecord
  let options: DoubleOptions
  let now: Milliseconds

  var json: JSONObject {
    var status: JSONObject = ["state": .string(run.state)]
    if let message = run.message { status["message"] = .string(message) }
    status["transitions"] = .array(
      run.transitions.map { transition in
        var json: JSONObject = ["status": .string(transition.state), "time": .string(transition.time.instantText)]
        if let message = transition.message { json["message"] = .string(message) }
        return .object(json)
      }
    )
    if hasObjects {
      status["k8s"] = .object([
        objectKind: ["metadata": ["name": .string(objectName), "namespace": .string(options.namespace)]]
      ])
      status["pods"] = .array(pods)
      if let event { status["events"] = [event] }
    }
    if run.action == "serve", run.startedAt != nil, run.fate.obstacle == nil { status["service"] = .object(service) }
    if run.state == "COMPLETED", options.level >= 15, let build = run.build {
      status["dockerfile"] = .string(Base64.encoded(build.dockerfile.utf8))
      status["outputs"] = ["image": .string("store://\(entity.project)/containerimage/containerimage/\(build.image)")]
    }
    return status
  }

  /// `j-containerjob-ID`, `s-containerserve-ID`, `d-containerdeploy-ID`, `c-containerbuild-ID`.
  var objectName: String { Self.objectName(action: run.action, id: entity.id) }

  static func objectName(action: String, id: String) -> String {
    let prefix = ["job": "j", "serve": "s", "deploy": "d"][action] ?? "c"
    let name = "\(prefix)-container\(action)-\(id)".lowercased()
    return name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }

  private var objectKind: String { run.action == "job" || run.action == "build" ? "job" : "deployment" }

  private var hasObjects: Bool {
    guard let readyAt = run.readyAt, run.fate.refusal == nil else { return false }
    return run.transitions.contains { $0.time >= readyAt && ["PENDING", "RUNNING"].contains($0.state) }
  }

  // MARK: Pods

  /// A serve has one pod whatever its replicas say; the cluster has taken a stopped run's pods away.
  private var pods: [JSONValue] {
    guard run.state != "STOPPED" else { return [] }
    let count = run.action == "deploy" ? entity.spec["replicas"]?.integerValue ?? 1 : 1
    return (0..<count).map { index in
      let suffix = String(entity.id.suffix(5)) + (index == 0 ? "" : "-\(index)")
      return [
        "name": .string("\(objectName)-\(suffix)"), "namespace": .string(options.namespace), "phase": .string(phase),
        "startTime": .string((run.startedAt ?? run.readyAt ?? now).instantText), "conditions": [],
        "containers": [
          [
            "name": .string(containerName), "ready": .bool(run.state == "RUNNING" && run.fate.obstacle == nil),
            "restartCount": .integer(run.message == "Multiple pod restarts" ? 2 : 0),
            "image": .string(entity.spec["image"]?.stringValue ?? ""), "state": .string(containerState),
          ]
        ],
      ]
    }
  }

  var podName: String { "\(objectName)-\(entity.id.suffix(5))" }
  var containerName: String { "c-container\(run.action)-\(entity.id)" }

  private var phase: String {
    switch run.state {
    case "COMPLETED": "Succeeded"
    case "ERROR": "Failed"
    case "RUNNING", "STOP": run.fate.obstacle == nil ? "Running" : "Pending"
    default: "Pending"
    }
  }

  private var containerState: String {
    if run.fate.obstacle == .missingImage { return "waiting: ImagePullBackOff" }
    guard let startedAt = run.startedAt, run.fate.obstacle == nil else { return "waiting: ContainerCreating" }
    guard let endedAt = run.endedAt else { return "running since \(startedAt.instantText)" }
    let code = run.fate.exitCode ?? 0
    let reason = run.fate.isOutOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error"
    return "terminated at \(endedAt.instantText) exitCode: \(code) reason: \(reason)"
  }

  private var event: JSONValue? {
    let (reason, note): (String, String)
    switch run.fate.obstacle {
    case .missingImage:
      (reason, note) = ("Failed", "Failed to pull image \"\(entity.spec["image"]?.stringValue ?? "")\": not found")
    case .unschedulable: (reason, note) = ("FailedScheduling", "0/3 nodes are available: 3 Insufficient memory.")
    case nil: return nil
    }
    return [
      "type": "Warning", "reason": .string(reason), "note": .string(note), "kind": "Pod", "name": .string(podName),
      "timestamp": .string((run.readyAt ?? now).instantText),
    ]
  }

  // MARK: Service

  private var service: JSONObject {
    let type = entity.spec["service_type"]?.stringValue ?? "NodePort"
    let ports = Self.ports(entity.spec)
    let urls = ports.map { "\(objectName).\(options.namespace):\($0.port)" }
    var service: JSONObject = [
      "name": .string(objectName), "namespace": .string(options.namespace), "type": .string(type),
      "clusterIP": "10.0.0.9",
      "ports": .array(
        ports.enumerated().map { index, port in
          var json: JSONObject = [
            "name": .string("port\(port.port)"), "port": .integer(port.port), "targetPort": .integer(port.target),
            "protocol": "TCP",
          ]
          if type != "ClusterIP" { json["nodePort"] = .integer(31234 + index) }
          return .object(json)
        }
      ),
    ]
    if let first = urls.first { service["url"] = .string(first) }
    service["urls"] = .array(urls.map { .string($0) })
    if options.level >= 15, let name = entity.spec["service_name"]?.stringValue, !name.isEmpty,
      let function = entity.spec["function"]?.stringValue.flatMap({ Reference($0) })
    {
      service["aliases"] = [.string("s-\(entity.project)-\(function.name)-\(name)")]
    }
    return service
  }

  /// Entries that lack one of the two ports are dropped.
  static func ports(_ spec: JSONObject) -> [(port: Int, target: Int)] {
    (spec["service_ports"]?.arrayValue ?? []).compactMap { entry in
      guard let port = entry["port"]?.integerValue, let target = entry["target_port"]?.integerValue else { return nil }
      return (port, target)
    }
  }
}
