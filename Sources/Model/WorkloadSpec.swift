package import JSON

/// What is to be run, typed: a function's spec with a run's parameters laid over it (what `run` gives wins), checked
/// and normalised. Every platform's planner reads this and nothing else.
package struct WorkloadSpec: Sendable, Hashable {
  package var action: Action
  package var image: String?
  package var baseImage: String?
  package var imagePullPolicy: ImagePullPolicy = .ifNotPresent
  /// One argv element (not split, as on Core).
  package var command: String?
  package var args: [String] = []
  package var handler: String?
  package var lang: String?
  package var code: String?
  package var base64: String?
  package var codeSource: String?

  package var envs: [EnvironmentVariable] = []
  /// Names of project secrets; each becomes an environment variable of that name.
  package var secrets: [String] = []
  package var resources = Resources()
  package var volumes: [Volume] = []
  package var nodeSelector: [NodeLabel] = []
  /// As Kubernetes has them, in snake_case or camelCase.
  package var affinity: JSONObject?
  package var tolerations: [JSONObject] = []
  package var runtimeClass: String?
  package var priorityClass: String?
  package var profile: String?
  package var runAsUser: Int?
  package var runAsGroup: Int?
  package var fsGroup: Int?

  package var replicas: Int = 1
  package var servicePorts: [ServicePort] = []
  package var serviceType: ServiceType = .clusterIP
  package var serviceName: String?

  package var instructions: [String] = []
  package var push: Bool = false

  package init(action: Action) { self.action = action }
}

package enum ImagePullPolicy: String, Sendable, CaseIterable, Hashable {
  case always = "Always"
  case ifNotPresent = "IfNotPresent"
  case never = "Never"
}

package enum ServiceType: String, Sendable, CaseIterable, Hashable {
  case clusterIP = "ClusterIP"
  case nodePort = "NodePort"
  case loadBalancer = "LoadBalancer"
  case externalName = "ExternalName"
}

package struct EnvironmentVariable: Sendable, Hashable {
  package var name: String
  package var value: String
  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

package struct NodeLabel: Sendable, Hashable {
  package var key: String
  package var value: String
  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

package struct ServicePort: Sendable, Hashable {
  package var port: Int
  package var targetPort: Int
  package var nodePort: Int?
  package init(port: Int, targetPort: Int, nodePort: Int? = nil) {
    self.port = port
    self.targetPort = targetPort
    self.nodePort = nodePort
  }
}

/// Quantities, kept as written (`500m`, `4Gi`).
package struct Resources: Sendable, Hashable {
  package struct Amounts: Sendable, Hashable {
    package var cpu: Quantity?
    package var memory: Quantity?
    package var gpu: Quantity?
    package init(cpu: Quantity? = nil, memory: Quantity? = nil, gpu: Quantity? = nil) {
      self.cpu = cpu
      self.memory = memory
      self.gpu = gpu
    }
  }
  package var requests = Amounts()
  package var limits = Amounts()
  /// A volume of this size on /shared.
  package var disk: Quantity?

  package init() {}
}

package struct Volume: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable, Hashable {
    case persistentVolumeClaim = "persistent_volume_claim"
    case sharedVolume = "shared_volume"
    case emptyDir = "empty_dir"
    case ephemeral
    case configMap = "config_map"
    case secret
    /// A folder or a file of the machine that runs the container.
    case hostPath = "host_path"
  }
  /// Nil for the reference's short form `{"name", "mountPath"}`: each platform has its documented default.
  package var kind: Kind?
  package var name: String
  package var mountPath: String
  /// Size, medium, storage class, claim name, …, by their snake_case names.
  package var spec: JSONObject
  package init(kind: Kind?, name: String, mountPath: String, spec: JSONObject = [:]) {
    self.kind = kind
    self.name = name
    self.mountPath = mountPath
    self.spec = spec
  }
}
