import JSON
import Model
import Platform

/// `status.service` of a serve: where each replica can be reached from this machine. Pure.
enum ServiceStatus {
  /// `{name, type, ports[{port, target_port, node_port?, replica, address, host_port}], url, urls[]}`; nil for what is
  /// no serve. `url` is the first replica's first.
  static func json(_ looks: [ReplicaWatch.Look], _ execution: Execution) -> JSONObject? {
    let spec = execution.spec
    guard spec.action == .serve else { return nil }
    var ports: [JSONValue] = []
    var urls: [String] = []
    for look in looks {
      let hostPorts = PublishedPort.hostPorts(look.container.ports, in: look.state?.portBindings ?? [:])
      for (port, hostPort) in zip(look.container.ports, hostPorts) {
        guard let hostPort else { continue }
        var json: JSONObject = ["port": .integer(port.port), "target_port": .integer(port.targetPort)]
        if spec.serviceType == .nodePort { json["node_port"] = .integer(hostPort) }
        json["replica"] = .integer(port.replica)
        json["address"] = .string(port.address)
        json["host_port"] = .integer(hostPort)
        ports.append(.object(json))
        urls.append(port.url(hostPort: hostPort))
      }
    }
    var service: JSONObject = [
      "name": .string(spec.serviceName.map { "\(execution.functionName)-\($0)" } ?? execution.functionName),
      "type": .string(spec.serviceType.rawValue), "ports": .array(ports),
    ]
    service["url"] = urls.first.map { .string($0) }
    service["urls"] = .array(urls.map { .string($0) })
    return service
  }
}
