import JSON
import Model

/// One port of one replica, and where on this machine it is published. A port can be published by one container only,
/// so the first replica gets what was asked for, and each further one a free port of its own, as Compose does with a
/// range of ports.
package struct PublishedPort: Sendable, Hashable {
  /// Where free ports are looked for when nobody names one: as Kubernetes' node ports.
  static let lowestFree = 30_000

  /// Counts from 1.
  package var replica: Int
  package var port: Int
  package var targetPort: Int
  /// On which it listens.
  package var address: String
  /// What was asked for; nil: a free one.
  package var wanted: Int?
  /// From where a free one is looked for.
  package var lowest: Int
  /// The place in the params that asks for `wanted`.
  package var pointer: String

  /// Those of one replica. `address` is where NodePort and LoadBalancer listen; ClusterIP means this machine alone.
  static func of(_ spec: WorkloadSpec, replica: Int, address: String) -> [PublishedPort] {
    spec.servicePorts.enumerated().map { index, port in
      let asked = spec.serviceType == .nodePort ? port.nodePort : port.port
      return PublishedPort(
        replica: replica,
        port: port.port,
        targetPort: port.targetPort,
        address: [.nodePort, .loadBalancer].contains(spec.serviceType) ? address : "127.0.0.1",
        wanted: replica == 1 ? asked : nil,
        lowest: asked.map { min($0 + 1, 65_535) } ?? lowestFree,
        pointer: "/service_ports/\(index)/" + (spec.serviceType == .nodePort ? "node_port" : "port")
      )
    }
  }

  /// The engine's PortBindings; `chosen` are the host's ports, in the order of `ports`. Without them the rendering says
  /// what will be chosen.
  static func bindings(_ ports: [PublishedPort], chosen: [Int]? = nil) -> JSONObject {
    var bindings: JSONObject = [:]
    for (index, port) in ports.enumerated() {
      let hostPort = chosen.map { "\($0[index])" } ?? port.wanted.map { "\($0)" } ?? "<a free port from \(port.lowest)>"
      let key = "\(port.targetPort)/tcp"
      let before = bindings[key]?.arrayValue ?? []
      // Every address: Podman's netavark 1.4 takes 0.0.0.0 for one address, to which nobody ever connects.
      let address = port.address == "0.0.0.0" ? "" : port.address
      bindings[key] = .array(before + [["HostIp": .string(address), "HostPort": .string(hostPort)]])
    }
    return bindings
  }

  /// The host's ports of a container as it was made, in the order of `ports`; nil where one is not published.
  static func hostPorts(_ ports: [PublishedPort], in bindings: JSONObject) -> [Int?] {
    var used: [String: Int] = [:]
    return ports.map { port in
      let key = "\(port.targetPort)/tcp"
      let index = used[key, default: 0]
      used[key] = index + 1
      let all = bindings[key]?.arrayValue ?? []
      return all.indices.contains(index) ? all[index]["HostPort"]?.stringValue.flatMap { Int($0) } : nil
    }
  }

  /// What a client on this machine connects to.
  var reachableAddress: String {
    switch address {
    case "0.0.0.0", "": "127.0.0.1"
    case "::": "::1"
    default: address
    }
  }

  func url(hostPort: Int) -> String {
    let host = reachableAddress
    return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(hostPort)"
  }
}
