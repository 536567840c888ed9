import JSON
import Model
import Platform

extension EnginePlanner {
  /// What a container engine can't honour is refused by name; nothing is dropped silently.
  static func refuse(_ spec: WorkloadSpec) throws {
    var faults: [Fault] = []
    func unsupported(_ pointer: String, _ message: String, _ hint: String) {
      faults.append(Fault(pointer: pointer, rule: "unsupported", message: message, hint: hint))
    }
    if spec.action != .build {
      for (name, value) in [("code", spec.code), ("base64", spec.base64), ("code_src", spec.codeSource)]
      where value != nil {
        unsupported("/\(name)", "a source is not brought into local containers", "put it into the image")
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
    var nodePorts: Set<Int> = []
    for (index, port) in spec.servicePorts.enumerated() {
      guard let nodePort = port.nodePort, !nodePorts.insert(nodePort).inserted else { continue }
      unsupported(
        "/service_ports/\(index)/node_port",
        "port \(nodePort) is asked for twice, and can be published once",
        "give another one, or leave it out"
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
