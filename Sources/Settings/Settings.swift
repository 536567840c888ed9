package import JSON
package import Model

/// What holds for one process, of defaults, settings file, environment and command line.
package struct Settings: Sendable, Hashable {
  /// The file that was read, or would have been: `doctor` shows it.
  package var file: Setting<String>
  package var fileExists: Bool
  package var platform: Setting<PlatformKind>
  /// Nil where nobody names one: `default` on the embedded platforms, an error on Core.
  package var project: Setting<String>?
  /// By name.
  package var profiles: [String: Profile]
  package var local: Local
  package var kubernetes: Kubernetes
  package var core: Core

  package enum EngineChoice: String, Sendable, CaseIterable, Hashable { case auto, podman, docker }

  package struct Local: Sendable, Hashable {
    package var engine: Setting<EngineChoice>
    /// Path of a unix socket; nil: look at the usual places.
    package var socket: Setting<String>?
    /// Where the ports of NodePort and LoadBalancer services are published.
    package var address: Setting<String>
    /// Whether volumes may be directories of this machine.
    package var allowHostPaths: Setting<Bool>
    /// The catalog's file, absolute (or as the command line and the environment have it).
    package var catalog: Setting<String>
    package var stopGraceSeconds: Setting<Int>
    /// After so many ends in a row the program of a serve or a deploy is begun no more.
    package var restartLimit: Setting<Int>
    /// How long runs that say nothing else are kept after their end; nil: for ever.
    package var ttlSeconds: Setting<Int>?
  }

  package struct Kubernetes: Sendable, Hashable {
    package var kubeconfig: Setting<String>?
    package var context: Setting<String>?
    package var namespace: Setting<String>?
  }

  /// A template that a run's `profile` names: the run's own parameters win over it.
  package struct Profile: Sendable, Hashable {
    package var name: String
    package var description: String?
    /// `resources`, `node_selector`, `affinity`, `tolerations`, `runtime_class`, `priority_class`, normalised as a
    /// run's are.
    package var parameters: JSONObject
    package var origin: SettingOrigin

    package init(name: String, description: String?, parameters: JSONObject, origin: SettingOrigin) {
      self.name = name
      self.description = description
      self.parameters = parameters
      self.origin = origin
    }
  }

  /// Every value that has one place, in the order of the file, for `doctor`: name, value, origin.
  package var report: [(name: String, value: String, origin: SettingOrigin)] {
    var report = [("config", file.value, file.origin), ("platform", platform.value.rawValue, platform.origin)]
    func add(_ name: String, _ setting: Setting<String>?) {
      if let setting { report.append((name, setting.value, setting.origin)) }
    }
    add("project", project)
    for profile in profiles.values.sorted(by: { $0.name < $1.name }) {
      report.append(("profiles.\(profile.name)", JSONValue.object(profile.parameters).text(), profile.origin))
    }
    report.append(("local.engine", local.engine.value.rawValue, local.engine.origin))
    add("local.socket", local.socket)
    add("local.address", local.address)
    report.append(("local.allow_host_paths", "\(local.allowHostPaths.value)", local.allowHostPaths.origin))
    add("local.catalog", local.catalog)
    report.append(("local.stop_grace_seconds", "\(local.stopGraceSeconds.value)", local.stopGraceSeconds.origin))
    report.append(("local.restart_limit", "\(local.restartLimit.value)", local.restartLimit.origin))
    if let ttl = local.ttlSeconds { report.append(("local.ttl_seconds", "\(ttl.value)", ttl.origin)) }
    add("kubernetes.kubeconfig", kubernetes.kubeconfig)
    add("kubernetes.context", kubernetes.context)
    add("kubernetes.namespace", kubernetes.namespace)
    return (report + core.report).map { (name: $0.0, value: $0.1, origin: $0.2) }
  }
}
