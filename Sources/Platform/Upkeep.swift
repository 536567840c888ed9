package import JSON
package import Model

/// How a serve or a deploy is kept up: what its status says of its replicas and of its service.
package struct Upkeep: Sendable, Hashable {
  package struct Replica: Sendable, Hashable {
    /// Of its container.
    package var name: String
    /// The platform's word: `running`, `restarting`, `exited`, …; `absent` where it is not there.
    package var state: String
    /// How often its program was begun again since the run was started or resumed.
    package var restarts: Int
    package var startedAt: Timestamp?

    package init(name: String, state: String, restarts: Int, startedAt: Timestamp?) {
      self.name = name
      self.state = state
      self.restarts = restarts
      self.startedAt = startedAt
    }
  }

  package var replicas: [Replica]
  /// `{name, type, ports[{port, target_port, node_port?, replica, address, host_port}], url, urls[]}`; nil for a
  /// deploy.
  package var service: JSONObject?

  package init(replicas: [Replica], service: JSONObject? = nil) {
    self.replicas = replicas
    self.service = service
  }

  package var restarts: Int { replicas.reduce(0) { $0 + $1.restarts } }

  /// `{name, state, restarts, started_at?}` each.
  package var replicasJSON: [JSONValue] {
    replicas.map { replica in
      var json: JSONObject = [
        "name": .string(replica.name), "state": .string(replica.state), "restarts": .integer(replica.restarts),
      ]
      json["started_at"] = replica.startedAt.map { .string($0.text) }
      return .object(json)
    }
  }
}
