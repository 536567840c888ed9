internal import JSON

/// The run's parameters, of all four actions.
package enum RunParameters {
  /// What a run's spec is made of, beside what it may override of the function.
  package static let spec: [Parameter] = overrides + own

  /// What `run` and `renderRun` take, `spec` included.
  package static let run: [Parameter] =
    [
      SharedParameters.project, SharedParameters.requiredFunction, SharedParameters.action.with { $0.required = true },
      SharedParameters.uuid,
      Parameter(
        "idempotency_key",
        .string(.nonEmpty),
        title: "Idempotency key",
        "The same key in the same project is the same run, however often it is sent."
      ).with {
        $0.example = "nightly-2026-01-31"
        $0.group = .tracking
      },
      SharedParameters.description, SharedParameters.labels, SharedParameters.progressToken,
    ].map { parameter in parameter.with { if $0.scopes.isEmpty { $0.scopes = [.run] } } } + spec

  private static let overrides = FunctionParameters.spec.filter { $0.scopes.contains(.run) }

  private static let running: Set<Action> = [.job, .serve, .deploy]

  private static let own: [Parameter] = [
    Parameter("args", .list(.string()), title: "Arguments", "What follows the command on the command line.").with {
      $0.actions = running
      $0.example = ["--verbose"]
      $0.group = .program
    },
    Parameter("envs", .list(.object(environmentVariable), unique: "name"), title: "Environment", "Variables.").with {
      $0.description = "Environment variables of the container."
      $0.example = [["name": "FOO", "value": "bar"]]
      $0.group = .program
    },
    Parameter(
      "secrets",
      .list(.string(.environmentName), unique: ""),
      title: "Secrets",
      "Names of the project's secrets; each becomes an environment variable of that name."
    ).with {
      $0.example = ["API_TOKEN"]
      $0.group = .program
    }.except(.error("unsupported"), on: [.docker], actions: [.build]),
    ResourceParameters.resources, VolumeParameters.volumes,
    Parameter(
      "node_selector",
      .either([
        .list(.object(nodeLabel), unique: "key"), .map(.string()),
      ]),
      title: "Node selector",
      "Labels that a node must have to run it: a list of key and value, or a map."
    ).with {
      $0.example = [["key": "disktype", "value": "ssd"]]
      $0.normalise = { value in
        guard let map = value.objectValue else { return value }
        return .array(map.members.map { ["key": .string($0.name), "value": $0.value] })
      }
    }.isPlacement(),
    Parameter("affinity", .freeObject, title: "Affinity", "Which nodes and neighbours to prefer, as in Kubernetes.")
      .with { $0.example = ["nodeAffinity": [:]] }.isPlacement(),
    Parameter("tolerations", .list(.freeObject), title: "Tolerations", "Node taints to put up with.").with {
      $0.example = [["key": "gpu", "operator": "Exists", "effect": "NoSchedule"]]
    }.isPlacement(),
    Parameter("runtime_class", .string(.nonEmpty), title: "Runtime class", "The cluster's runtime class.").with {
      $0.example = "gvisor"
    }.isPlacement().onLocal(.error("Runtime classes exist only on Kubernetes; leave it out on this machine.")),
    Parameter("priority_class", .string(.nonEmpty), title: "Priority class", "The cluster's priority class.").with {
      $0.example = "high"
    }.isPlacement(),
    Parameter("profile", .string(.nonEmpty), title: "Profile", "A template that an administrator provides.").with {
      $0.example = "gpu-small"
      $0.group = .resources
    },
    identity("run_as_user", "Run as user", "The user id that the program runs with.", running)
      .onCore(.varies("Core 0.13 drops it from a serve and a deploy, so it is refused there."))
      .except(.error("unsupported"), on: [.core13], actions: [.serve, .deploy]),
    identity("run_as_group", "Run as group", "The group id that the program runs with.", running),
    identity("fs_group", "File system group", "The group that owns the volumes' files.", running),
    Parameter("replicas", .integer(minimum: 1), title: "Replicas", "How many copies run at once.").with {
      $0.actions = [.serve, .deploy]
      $0.defaultValue = 1
      $0.example = 2
      $0.group = .service
    }.onCore(.varies("Core starts one replica of a serve, which a warning says; deploy honours it."))
      .except(.warning("ports_of_first_replica"), on: Cell.Target.local, actions: [.serve])
      .except(.warning("no_effect"), on: Cell.Target.core, actions: [.serve]),
    Parameter(
      "service_ports",
      .list(.object(servicePort), unique: "port"),
      title: "Service ports",
      "The ports to serve on, and the container's ports behind them."
    ).with {
      $0.actions = [.serve]
      $0.example = [["port": 8080, "target_port": 8080]]
      $0.group = .service
    },
    Parameter(
      "service_type",
      .enumeration(ServiceType.allCases.map(\.rawValue)),
      title: "Service type",
      "From where the service can be reached."
    ).with {
      $0.actions = [.serve]
      $0.defaultValue = "ClusterIP"
      $0.example = "NodePort"
      $0.group = .service
    },
    Parameter(
      "service_name",
      .string(.dnsLabel),
      title: "Service name",
      "Gives the service a second, lasting name: FUNCTION-SERVICE_NAME."
    ).with {
      $0.actions = [.serve]
      $0.example = "api"
      $0.group = .service
    },
    Parameter(
      "instructions",
      .list(.string(.nonEmpty)),
      title: "Instructions",
      "Commands for the build, each a RUN line of the Dockerfile, with or without the word RUN."
    ).with {
      $0.actions = [.build]
      $0.ignoredBy = [.job: "`instructions` have no effect on a job: only a build carries them out."]
      $0.example = ["apt-get update && apt-get install -y git"]
      $0.group = .build
    },
    Parameter(
      "ttl_seconds",
      .integer(minimum: 1, maximum: 315_360_000),
      title: "Time to live",
      "How long the run is kept after its end, whatever that is (a stop, too); then it is deleted as by deleteRun. "
        + "Without it: local.ttl_seconds of the settings, else for ever."
    ).with {
      $0.unit = "s"
      $0.example = 3600
    }.onCore(.error("Core keeps runs until they are deleted: leave ttl_seconds out, and call deleteRun.")),
    Parameter("push", .boolean, title: "Push", "Whether the built image is pushed to its registry.").with {
      $0.actions = [.build]
      $0.defaultValue = false
      $0.example = true
      $0.group = .build
    }.onCore(.varies("Core always pushes what it builds; false is refused.")),
  ].map { parameter in parameter.with { $0.scopes = [.run] } }

  private static func identity(_ name: String, _ title: String, _ text: String, _ actions: Set<Action>) -> Parameter {
    Parameter(name, .integer(minimum: 1, maximum: Int(Int32.max)), title: title, text).with {
      $0.actions = actions
      $0.example = 1000
      $0.group = .permissions
    }
  }

  private static let environmentVariable = [
    Parameter("name", .string(.environmentName), title: "Name", "The variable's name.").with {
      $0.required = true
      $0.example = "FOO"
    },
    Parameter("value", .string(), title: "Value", "The variable's value; may be empty.").with {
      $0.required = true
      $0.example = "bar"
    },
  ]

  private static let nodeLabel = [
    Parameter("key", .string(.nonEmpty), title: "Key", "The label's name.").with { $0.required = true },
    Parameter("value", .string(), title: "Value", "The label's value.").with { $0.required = true },
  ]

  private static let servicePort = [
    port("port", "Port", "The service's port.").with { $0.required = true },
    port("target_port", "Target port", "The container's port; the same as `port` unless given.").with {
      $0.aliases = ["targetPort"]
    },
    Parameter(
      "node_port",
      .integer(minimum: 1, maximum: 65535),
      title: "Node port",
      "The port on the machine, for a NodePort service; a free one from 30000 unless given."
    ).with {
      $0.aliases = ["nodePort"]
      $0.example = 30080
    }.onCore(.error("Core chooses the node port itself.")),
  ]

  private static func port(_ name: String, _ title: String, _ description: String) -> Parameter {
    Parameter(name, .integer(minimum: 1, maximum: 65535), title: title, description).with { $0.example = 8080 }
  }
}
