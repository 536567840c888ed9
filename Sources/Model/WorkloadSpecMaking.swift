package import JSON

extension WorkloadSpec {
  /// From a function's spec and a run's, both normalised; what the run gives wins. The rules between parameters are
  /// here and nowhere else; pointers are into the run's params. Nil where there are faults.
  package static func make(
    function: JSONObject,
    run: JSONObject,
    action: Action
  ) -> (spec: WorkloadSpec?, faults: [Fault]) {
    var spec = WorkloadSpec(action: action)
    func text(_ name: String) -> String? { (run[name] ?? function[name])?.stringValue }
    func texts(_ name: String) -> [String] { (run[name]?.arrayValue ?? []).compactMap(\.stringValue) }
    spec.image = text("image")
    spec.baseImage = text("base_image")
    spec.imagePullPolicy = text("image_pull_policy").flatMap(ImagePullPolicy.init) ?? .ifNotPresent
    spec.command = text("command")
    spec.handler = text("handler")
    spec.lang = text("lang")
    spec.code = text("code")
    spec.base64 = text("base64")
    spec.codeSource = text("code_src")
    spec.args = texts("args")
    spec.secrets = texts("secrets")
    spec.envs = (run["envs"]?.arrayValue ?? []).compactMap { env in
      guard let name = env["name"]?.stringValue, let value = env["value"]?.stringValue else { return nil }
      return EnvironmentVariable(name: name, value: value)
    }
    spec.resources = resources(run["resources"])
    spec.volumes = (run["volumes"]?.arrayValue ?? []).compactMap(volume)
    spec.nodeSelector = (run["node_selector"]?.arrayValue ?? []).compactMap { label in
      guard let key = label["key"]?.stringValue, let value = label["value"]?.stringValue else { return nil }
      return NodeLabel(key: key, value: value)
    }
    spec.affinity = run["affinity"]?.objectValue
    spec.tolerations = (run["tolerations"]?.arrayValue ?? []).compactMap(\.objectValue)
    spec.runtimeClass = text("runtime_class")
    spec.priorityClass = text("priority_class")
    spec.profile = text("profile")
    spec.runAsUser = run["run_as_user"]?.integerValue
    spec.runAsGroup = run["run_as_group"]?.integerValue
    spec.fsGroup = run["fs_group"]?.integerValue
    spec.replicas = run["replicas"]?.integerValue ?? 1
    spec.servicePorts = (run["service_ports"]?.arrayValue ?? []).compactMap { entry in
      entry["port"]?.integerValue.map {
        ServicePort(
          port: $0,
          targetPort: entry["target_port"]?.integerValue ?? $0,
          nodePort: entry["node_port"]?.integerValue
        )
      }
    }
    spec.serviceType = text("service_type").flatMap(ServiceType.init) ?? .clusterIP
    spec.serviceName = text("service_name")
    spec.instructions = action == .build ? texts("instructions") : []
    spec.push = run["push"]?.boolValue ?? false
    let faults = functionFaults(function) + spec.faults
    return (faults.isEmpty ? spec : nil, faults)
  }

  /// The rules between a function's own parameters, for `createFunction` and `updateFunction`.
  package static func functionFaults(_ function: JSONObject) -> [Fault] {
    let sources = ["code", "base64", "code_src"].filter(function.contains)
    return sources.dropFirst().map { name in
      Fault(
        pointer: "/\(name)",
        rule: "exclusive",
        message: "`\(name)` and `\(sources[0])` exclude one another.",
        hint: "Give the source once."
      )
    }
  }

  private var faults: [Fault] {
    switch action {
    case .build:
      let hasDockerfile = lang == "dockerfile" && (code != nil || base64 != nil || codeSource != nil)
      guard baseImage == nil, image == nil, !hasDockerfile else { return [] }
      return [
        Fault(
          pointer: "/base_image",
          rule: "required",
          message: "A build needs `base_image`, unless there is an `image` or a Dockerfile.",
          hint: "Give base_image here or in the function, or the code of a Dockerfile with lang: dockerfile."
        )
      ]
    case .job, .serve, .deploy:
      guard image == nil else { return [] }
      return [
        Fault(
          pointer: "/image",
          rule: "required",
          message: "A \(action.rawValue) needs `image`, and the function has none.",
          hint: "Give image here or in the function, or build one first."
        )
      ]
    }
  }

  private static func resources(_ value: JSONValue?) -> Resources {
    func amounts(_ value: JSONValue?) -> Resources.Amounts {
      func quantity(_ name: String) -> Quantity? { value?[name]?.stringValue.flatMap { Quantity($0) } }
      return Resources.Amounts(cpu: quantity("cpu"), memory: quantity("mem"), gpu: quantity("gpu"))
    }
    var resources = Resources()
    resources.requests = amounts(value?["requests"])
    resources.limits = amounts(value?["limits"])
    resources.disk = value?["disk"]?.stringValue.flatMap { Quantity($0) }
    return resources
  }

  private static func volume(_ value: JSONValue) -> Volume? {
    guard let name = value["name"]?.stringValue, let path = value["mount_path"]?.stringValue else { return nil }
    return Volume(
      kind: value["volume_type"]?.stringValue.flatMap(Volume.Kind.init),
      name: name,
      mountPath: path,
      spec: value["spec"]?.objectValue ?? [:]
    )
  }
}
