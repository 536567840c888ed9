import JSON
import Model
import Platform

/// Turns a run into engine calls. Pure: contacts nothing, knows no engine's flavour.
package enum EnginePlanner {
  /// The labels by which a container is known again.
  package static let labelPrefix = "io.dh-sidecar."
  /// Whose it is: see `Execution.catalog`.
  static let catalogLabel = labelPrefix + "catalog"
  /// Stands for the user that the image names, until the image has been looked at.
  static let imageUserPlaceholder = "<user of the image>"

  /// Throws `unsupported_parameter` with every parameter that a container engine can't honour, `invalid_params`
  /// where something it needs is missing. `address` is where NodePort and LoadBalancer ports are published.
  /// `allowsHostPaths`: whether volumes may be folders of this machine.
  package static func plan(
    _ execution: Execution,
    address: String = "127.0.0.1",
    allowsHostPaths: Bool = false
  ) throws -> EnginePlan {
    let spec = execution.spec
    try refuse(spec, allowsHostPaths: allowsHostPaths)
    if spec.action == .build { return try build(execution) }
    guard let image = spec.image else {
      throw SidecarError(
        .invalidParams,
        "The function has no image.",
        faults: [Fault(pointer: "/image", rule: "required", message: "needed for \(spec.action.rawValue)")]
      )
    }
    let name = try qualified(image, pointer: "/image")
    var plan = EnginePlan(image: name, pullPolicy: spec.imagePullPolicy)
    plan.warnings = placementWarnings(spec)
    plan.pull = pull(name, policy: spec.imagePullPolicy)
    let storage = StoragePlan(execution)
    plan.preparations = storage.calls
    plan.ownVolumes = storage.ownVolumes
    plan.warnings += storage.warnings
    plan.gpus = Int(max(spec.resources.limits.gpu?.value ?? 0, spec.resources.requests.gpu?.value ?? 0))
    plan.needsImageUser = spec.runAsUser == nil && spec.runAsGroup != nil
    let network = networkName(execution)
    if spec.action == .serve, let network {
      plan.preparations.append(
        EngineCall(
          "POST",
          "/networks/create",
          body: [
            "Name": .string(network),
            // Docker would make a second one of the same name.
            "CheckDuplicate": true,
            "Labels": .object(projectLabels(execution)),
          ]
        )
      )
    }
    if spec.action == .serve, spec.replicas > 1, !spec.servicePorts.isEmpty {
      plan.warnings.append(
        Warning(
          pointer: "/replicas",
          code: "ports_of_first_replica",
          message: "one container gets the ports asked for, each further replica free ones: see status.service.urls"
        )
      )
    }
    for (index, containerName) in containerNames(execution).enumerated() {
      let replica = index + 1
      var body = containerBody(execution, image: name, storage)
      var ports: [PublishedPort] = []
      if spec.action != .job {
        var labels = labels(execution)
        labels[labelPrefix + "replica"] = .string("\(replica)")
        body["Labels"] = .object(labels)
      }
      if spec.action == .serve {
        ports = PublishedPort.of(spec, replica: replica, address: address)
        publish(ports, network: network, execution, in: &body)
      }
      plan.containers.append(
        .init(
          name: containerName,
          create: EngineCall("POST", "/containers/create?name=\(containerName)", body: body),
          access: storage.access,
          source: SourceUpload(execution.spec)?.calls(containerName) ?? [],
          start: EngineCall("POST", "/containers/\(containerName)/start"),
          ports: ports
        )
      )
    }
    return plan
  }

  /// `dh-<run id>` for a job, `dh-<run id>-<n>` for each replica of what stays up.
  package static func containerNames(_ execution: Execution) -> [String] {
    guard execution.spec.action.staysUp else { return [containerName(execution)] }
    return (1...max(execution.spec.replicas, 1)).map { "\(containerName(execution))-\($0)" }
  }

  package static func containerName(_ execution: Execution) -> String { "dh-" + execution.runID }

  /// Of what outlives a run, so that only what stays true is there.
  static func projectLabels(_ execution: Execution) -> JSONObject {
    var labels: JSONObject = [labelPrefix + "project": .string(execution.project)]
    if !execution.catalog.isEmpty { labels[catalogLabel] = .string(execution.catalog) }
    return labels
  }

  static func labels(_ execution: Execution) -> JSONObject {
    var labels = projectLabels(execution)
    labels[labelPrefix + "function"] = .string(execution.functionName)
    labels[labelPrefix + "function-id"] = .string(execution.functionID)
    labels[labelPrefix + "run"] = .string(execution.runID)
    labels[labelPrefix + "action"] = .string(execution.spec.action.rawValue)
    return labels
  }

  private static func containerBody(_ execution: Execution, image: String, _ storage: StoragePlan) -> JSONObject {
    let spec = execution.spec
    var body: JSONObject = ["Image": .string(image), "Env": .array(environment(execution))]
    // One argv element, never split: a shell's words belong into args.
    if let command = spec.command { body["Entrypoint"] = [.string(command)] }
    if !spec.args.isEmpty { body["Cmd"] = .array(spec.args.map { .string($0) }) }
    switch (spec.runAsUser, spec.runAsGroup) {
    case (let user?, let group?): body["User"] = "\(user):\(group)"
    case (let user?, nil): body["User"] = "\(user)"
    case (nil, let group?): body["User"] = "\(imageUserPlaceholder):\(group)"
    case (nil, nil): break
    }
    body["Labels"] = .object(labels(execution))
    var host: JSONObject = [:]
    let limits = spec.resources.limits
    let requests = spec.resources.requests
    if let cpu = limits.cpu { host["NanoCpus"] = .integer(Int(cpu.milliValue) * 1_000_000) }
    if let memory = limits.memory {
      host["Memory"] = .integer(Int(memory.value))
      // Equal to Memory: no swap, so that the limit is the limit, as on Kubernetes.
      host["MemorySwap"] = .integer(Int(memory.value))
    }
    // Kubernetes' own conversion: 1024 shares for a core, 2 at least.
    if let cpu = requests.cpu { host["CpuShares"] = .integer(max(2, Int(cpu.milliValue) * 1024 / 1000)) }
    if let memory = requests.memory { host["MemoryReservation"] = .integer(Int(memory.value)) }
    let gpus = max(limits.gpu?.value ?? 0, requests.gpu?.value ?? 0)
    if gpus > 0 {
      host["DeviceRequests"] = [["Driver": "", "Count": .integer(Int(gpus)), "Capabilities": [["gpu"]]]]
    }
    if let group = spec.fsGroup { host["GroupAdd"] = [.string("\(group)")] }
    if !storage.mounts.isEmpty { host["Mounts"] = .array(storage.mounts) }
    if !storage.binds.isEmpty { host["Binds"] = .array(storage.binds) }
    if !storage.memory.isEmpty { host["Tmpfs"] = .object(storage.memory) }
    if spec.action != .job { host["RestartPolicy"] = ["Name": "unless-stopped"] }
    body["HostConfig"] = .object(host)
    return body
  }

  /// A variable given twice keeps its last value: the run's own come first, so that the caller's win.
  private static func environment(_ execution: Execution) -> [JSONValue] {
    let spec = execution.spec
    var variables: JSONObject = [
      "PROJECT_NAME": .string(execution.project), "RUN_ID": .string(execution.runID),
    ]
    variables["DH_HANDLER"] = spec.handler.map { .string($0) }
    for name in spec.secrets { variables[name] = .string(execution.secretValues[name] ?? "<secret \(name)>") }
    for variable in spec.envs { variables[variable.name] = .string(variable.value) }
    return variables.map { .string("\($0.name)=\($0.value.stringValue ?? "")") }
  }

  /// That of the project's services; nil where the run gives no service_name.
  static func networkName(_ execution: Execution) -> String? {
    execution.spec.serviceName.map { _ in "dh-" + VolumeName.clean(execution.project) }
  }

  private static func publish(
    _ ports: [PublishedPort],
    network: String?,
    _ execution: Execution,
    in body: inout JSONObject
  ) {
    var exposed: JSONObject = [:]
    for port in ports { exposed["\(port.targetPort)/tcp"] = [:] }
    var host = body["HostConfig"]?.objectValue ?? [:]
    if !ports.isEmpty {
      body["ExposedPorts"] = .object(exposed)
      host["PortBindings"] = .object(PublishedPort.bindings(ports))
    }
    if let network, let serviceName = execution.spec.serviceName {
      host["NetworkMode"] = .string(network)
      let alias = JSONValue.string("\(execution.functionName)-\(serviceName)")
      body["NetworkingConfig"] = ["EndpointsConfig": .object([network: ["Aliases": [alias]]])]
    }
    body["HostConfig"] = .object(host)
  }
}
