internal import JSON
internal import Model

/// Every key of the settings file, declared as a method's parameters are, so that it is checked in the same way.
enum SettingsDeclarations {
  static let file: [Parameter] = [
    Parameter(
      "platform",
      .enumeration(PlatformKind.allCases.map(\.rawValue)),
      title: "Platform",
      "Where runs go."
    ),
    Parameter("project", .string(.slug), title: "Project", "The project of calls that name none."),
    Parameter("profiles", .map(.object(profile)), title: "Profiles", "Templates that a run's `profile` names."),
    Parameter("local", .object(local), title: "Local platform", "Podman or Docker on this machine."),
    Parameter("kubernetes", .object(kubernetes), title: "Kubernetes", "A cluster, directly."),
    Parameter("core", .object(core), title: "Core", "A DigitalHub Core server."),
  ]

  /// What a template may set: these parameters of a run.
  private static let profile: [Parameter] =
    [Parameter("description", .string(), title: "Description", "For people.")]
    + ["resources", "node_selector", "affinity", "tolerations", "runtime_class", "priority_class"].compactMap { name in
      RunParameters.spec.first { $0.name == name }
    }

  private static let local: [Parameter] = [
    Parameter("engine", .enumeration(["auto", "podman", "docker"]), title: "Engine", "Which engine to use."),
    Parameter("socket", .string(.nonEmpty), title: "Socket", "The engine's unix socket."),
    Parameter("address", .string(.nonEmpty), title: "Address", "Where NodePort and LoadBalancer ports go."),
    Parameter("allow_host_paths", .boolean, title: "Allow host paths", "Whether volumes may be host directories."),
    Parameter("catalog", .string(.nonEmpty), title: "Catalog", "The file that functions and runs are kept in."),
    seconds("stop_grace_seconds", "Grace", "Between SIGTERM and SIGKILL when a run is stopped."),
    Parameter(
      "restart_limit",
      .integer(minimum: 1, maximum: 1000),
      title: "Restart limit",
      "Ends in a row after which the program of a serve or a deploy is begun no more."
    ),
    Parameter(
      "ttl_seconds",
      .integer(minimum: 1, maximum: 315_360_000),
      title: "Time to live",
      "How long runs that have no ttl_seconds of their own are kept after their end; for ever unless set."
    ).with { $0.unit = "seconds" },
  ]

  private static let kubernetes: [Parameter] = [
    Parameter("kubeconfig", .string(.nonEmpty), title: "Kubeconfig", "Path of the kubeconfig."),
    Parameter("context", .string(.nonEmpty), title: "Context", "Its context; the current one by default."),
    Parameter("namespace", .string(.dnsLabel), title: "Namespace", "The context's own by default."),
  ]

  private static let core: [Parameter] = [
    Parameter("endpoint", .string(.nonEmpty), title: "Endpoint", "The server's URL."),
    Parameter(
      "profile",
      .string(.nonEmpty),
      title: "Profile",
      "The section of the ini file; its current one by default."
    ),
    Parameter("ini", .string(.nonEmpty), title: "Ini file", "The file of the SDK and dhcli; ~/.dhcore.ini by default."),
    Parameter("level", .integer(minimum: 13, maximum: 15), title: "API level", "Forces the level that is spoken."),
    Parameter("ca_file", .string(.nonEmpty), title: "CA file", "Certificates trusted beside the system's, as PEM."),
    Parameter("files_store", .string(.nonEmpty), title: "Files store", "The S3 store that sources are put in."),
    Parameter("timeout_seconds", .integer(minimum: 1, maximum: 3600), title: "Timeout", "Of one request.").with {
      $0.unit = "seconds"
    },
  ]

  private static func seconds(_ name: String, _ title: String, _ description: String) -> Parameter {
    Parameter(name, .integer(minimum: 0, maximum: 86_400), title: title, description).with { $0.unit = "seconds" }
  }
}
