import JSON
import Model
import Platform
import Sources

extension EnginePlanner {
  /// Beyond, amounts would not fit the engine's own units.
  private static let mostCores: Int64 = 1_000_000
  private static let mostReplicas = 1000

  /// What a container engine can't honour is refused by name; nothing is dropped silently.
  static func refuse(_ spec: WorkloadSpec, allowsHostPaths: Bool) throws {
    var faults: [Fault] = []
    func unsupported(_ pointer: String, _ message: String, _ hint: String) {
      faults.append(Fault(pointer: pointer, rule: "unsupported", message: message, hint: hint))
    }
    var sourceFaults: [Fault] = []
    do throws(SourceError) {
      if case .uri(let pinned, _)? = try RunSources.request(spec), case .reference(let uri) = pinned.source {
        unsupported("/code_src", "\(uri) is known to a DigitalHub server only", "give a path, git, http or s3 URI")
      }
    } catch {
      let pointer = spec.codeSource == nil ? "/base64" : "/code_src"
      sourceFaults.append(Fault(pointer: pointer, rule: "code_source", message: error.message, hint: error.hint))
    }
    guard sourceFaults.isEmpty else {
      throw SidecarError(.invalidParams, sourceFaults[0].message, hint: sourceFaults[0].hint, faults: sourceFaults)
    }
    if SourceUpload(spec) != nil {
      for (index, volume) in spec.volumes.enumerated() where SourceUpload.isDirectory(volume.mountPath) {
        guard volume.spec["medium"]?.stringValue == "Memory" else { continue }
        unsupported(
          "/volumes/\(index)/spec/medium",
          "the source goes to \(SourceUpload.directory), and memory there exists only while the container runs",
          "leave medium out, or mount the volume elsewhere"
        )
      }
    }
    if spec.runtimeClass != nil {
      unsupported("/runtime_class", "runtime classes exist only on Kubernetes", "leave it out on this machine")
    }
    for (index, volume) in spec.volumes.enumerated() where [.configMap, .secret].contains(volume.kind) {
      unsupported(
        "/volumes/\(index)",
        "a volume of type \(volume.kind?.rawValue ?? "") needs a cluster",
        "pass the values by envs or secrets"
      )
    }
    for (index, volume) in spec.volumes.enumerated() {
      if volume.kind == .hostPath, !allowsHostPaths {
        unsupported(
          "/volumes/\(index)",
          "the settings allow no volume to be a folder of this machine",
          "set local.allow_host_paths to true in the settings file, or use a persistent_volume_claim"
        )
      }
      if spec.resources.disk != nil, SourceUpload.isDirectory(volume.mountPath) {
        unsupported(
          "/volumes/\(index)/mount_path",
          "resources.disk is mounted at \(SourceUpload.directory) already",
          "leave disk out, or mount the volume elsewhere"
        )
      }
    }
    var nodePorts: Set<Int> = []
    for (index, port) in spec.servicePorts.enumerated() {
      guard let nodePort = port.nodePort, !nodePorts.insert(nodePort).inserted else { continue }
      unsupported(
        "/service_ports/\(index)/node_port",
        "port \(nodePort) is asked for twice, and can be published once",
        "give another one, or leave it out"
      )
    }
    for (part, cpu) in [("limits", spec.resources.limits.cpu), ("requests", spec.resources.requests.cpu)]
    where (cpu?.milliValue ?? 0) > 1000 * mostCores {
      unsupported(
        "/resources/\(part)/cpu",
        "no machine has more than \(mostCores) cores",
        "cpu is in cores; an amount of bytes goes into mem"
      )
    }
    if spec.action.staysUp, spec.replicas > mostReplicas {
      unsupported(
        "/replicas",
        "one machine is not made for more than \(mostReplicas) containers of a run",
        "ask for fewer"
      )
    }
    if spec.action == .serve, spec.serviceType == .externalName {
      unsupported("/service_type", "ExternalName is a DNS entry of a cluster", "use ClusterIP or NodePort")
    }
    guard faults.isEmpty else {
      throw SidecarError(
        .unsupportedParameter,
        "The local platform can't honour " + faults.map(\.pointer).joined(separator: ", ") + ".",
        faults: faults
      )
    }
  }

  /// Parameters that only say where to run: there is one place.
  static func placementWarnings(_ spec: WorkloadSpec) -> [Warning] {
    [
      ("node_selector", !spec.nodeSelector.isEmpty), ("affinity", spec.affinity != nil),
      ("tolerations", !spec.tolerations.isEmpty), ("priority_class", spec.priorityClass != nil),
    ]
    .filter(\.1)
    .map { name, _ in
      Warning(
        pointer: "/\(name)",
        code: "no_effect",
        message: "\(name) chooses between the nodes of a cluster; here everything runs on this machine"
      )
    }
  }
}
