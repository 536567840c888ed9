import JSON
import Model

/// What the settings say of a cluster's runs.
package struct KubernetesConfiguration: Sendable, Hashable {
  /// Of all objects.
  package var namespace = "default"
  /// The resource that `gpu` asks for.
  package var gpuResource = "nvidia.com/gpu"
  /// Of a persistent volume that gives none: a claim can't be made without.
  package var volumeSize = "1Gi"
  /// Names of Secrets of type kubernetes.io/dockerconfigjson, for images in private registries.
  package var imagePullSecrets: [String] = []
  /// From SIGTERM to SIGKILL.
  package var stopGraceSeconds = 10
  /// After so many seconds a job is ended with DeadlineExceeded. Nil: never.
  package var jobDeadlineSeconds: Int?
  /// After so many seconds without its image a run is given up. Nil: it waits for ever.
  package var imagePatienceSeconds: Int? = 120
  package var features = ClusterFeatures()

  package init() {}
}

/// What depends on the cluster's version. Without a server's word: those of any release that is still maintained.
package struct ClusterFeatures: Sendable, Hashable {
  /// `ephemeral` volumes of pods (1.23). Before, a claim that is the run's own stands in.
  package var ephemeralVolumes = true

  package init() {}

  /// `major`, `minor` as `/version` has them: managed clusters add a plus sign.
  package init(major: String, minor: String) {
    let minor = Int(String(minor.prefix { $0.isNumber })) ?? Int.max
    guard major == "1" else { return }
    ephemeralVolumes = minor >= 23
  }
}
