import JSON
import Model
import Platform

/// The Services of a serve.
struct ServiceManifests {
  private let execution: Execution
  private let configuration: KubernetesConfiguration

  init(_ execution: Execution, _ configuration: KubernetesConfiguration) {
    self.execution = execution
    self.configuration = configuration
  }

  /// The run's own, and the one of its `service_name`. None without ports: Kubernetes wants one at least.
  var objects: [JSONObject] {
    guard !execution.spec.servicePorts.isEmpty else { return [] }
    let own = service(ObjectName.run(execution.runID), execution.spec.serviceType)
    guard let name = Self.secondName(execution) else { return [own] }
    return [own, service(name, .clusterIP)]
  }

  /// `FUNCTION-SERVICE_NAME`, cut to what a Service's name may be.
  static func secondName(_ execution: Execution) -> String? {
    execution.spec.serviceName.map { serviceName in
      let plain = "\(execution.functionName)-\(serviceName)"
      return ObjectName.of([plain])
    }
  }

  private func service(_ name: String, _ type: ServiceType) -> JSONObject {
    let ports = execution.spec.servicePorts.map { port in
      var json: JSONObject = [
        "name": .string("port\(port.port)"), "port": .integer(port.port), "targetPort": .integer(port.targetPort),
        "protocol": "TCP",
      ]
      if type != .clusterIP { json["nodePort"] = port.nodePort.map { .integer($0) } }
      return JSONValue.object(json)
    }
    let spec: JSONObject = [
      "type": .string(type.rawValue), "selector": [RunLabels.run: .string(execution.runID)], "ports": .array(ports),
    ]
    return ManifestPlanner.object("v1", "Service", name, execution, configuration, ["spec": .object(spec)])
  }
}
