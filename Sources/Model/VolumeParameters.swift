internal import JSON

/// `volumes`: entries told apart by `volume_type`, and the reference's short form without it.
package enum VolumeParameters {
  package static let volumes = Parameter(
    "volumes",
    .list(.union(discriminator: "volume_type", variants: variants), unique: "mount_path"),
    title: "Volumes",
    "What is mounted into the container, and where."
  ).with {
    $0.example = [["volume_type": "persistent_volume_claim", "name": "data", "mount_path": "/data"]]
    $0.scopes = [.run]
    $0.group = .resources
    $0.furtherFaults = { value, pointer in
      var seen: Set<JSONValue> = []
      return (value.arrayValue ?? []).enumerated().compactMap { index, volume in
        guard let name = volume["name"], !seen.insert(name).inserted else { return nil }
        return Fault(
          pointer: "\(pointer)/\(index)/name",
          rule: "duplicate",
          message: "`volumes` has \(name.text()) twice as `name`.",
          hint: "Give each volume a name of its own."
        )
      }
    }
  }.except(.error("unsupported"), on: Cell.Target.local, actions: [.build])
    .except(.warning("not_persistent"), on: Cell.Target.core, parts: ["persistent_volume_claim"])
    .except(.error("unsupported"), on: [.core13], parts: ["shared_volume"])

  private static let variants: [Shape.Variant] = [
    variant(
      "persistent_volume_claim",
      "Persistent volume",
      "Kept when the run is gone; on Core made for the run and deleted with it, which a warning says.",
      [size, storageClass]
    ),
    variant("shared_volume", "Shared volume", "One that is there already, by its claim's name.", [claimName, size]),
    variant("empty_dir", "Empty directory", "Empty at the start, gone with the run.", [sizeLimit, medium]),
    variant("ephemeral", "Ephemeral volume", "Of a size of its own, gone with the run.", [size, storageClass]),
    variant("config_map", "Config map", "A config map's entries as files.", [specName], local: clusterOnly),
    variant("secret", "Secret", "A cluster secret's entries as files.", [specName], local: clusterOnly),
    Shape.Variant(
      "host_path",
      title: "Host path",
      "A folder or a file of this machine, where local.allow_host_paths of the settings is true.",
      members: place + [
        Parameter("spec", .object([hostPath, readOnly]), title: "Spec", "What is mounted.").with { $0.required = true }
      ],
      treatments: [
        .local: .varies("It needs local.allow_host_paths: true in the settings; refused otherwise."),
        .core: .error("Core mounts no paths of its nodes: use a persistent_volume_claim."),
        .kubernetes: .error("A cluster's nodes keep their paths to themselves: use a persistent_volume_claim."),
      ]
    ),
    Shape.Variant(
      nil,
      title: "Short form",
      "A named volume on this machine, an empty directory elsewhere.",
      members: place,
      treatments: [
        .kubernetes: .warning("A volume without volume_type is an empty_dir here: its data goes with the run."),
        .core: .warning("A volume without volume_type is an empty_dir here: its data goes with the run."),
      ]
    ),
  ]

  private static let clusterOnly = Parameter.Treatment.error(
    "Config maps and secrets as volumes are a cluster's; give the values as envs or secrets."
  )

  private static func variant(
    _ tag: String,
    _ title: String,
    _ description: String,
    _ spec: [Parameter],
    local: Parameter.Treatment = .works
  ) -> Shape.Variant {
    let isClusterOnly = local != .works
    return Shape.Variant(
      tag,
      title: title,
      description,
      members: place + [
        Parameter("spec", .object(spec), title: "Spec", "What the volume is made of.")
      ],
      treatments: [
        .local: local, .core: isClusterOnly ? .error("Core does not mount volumes of type \(tag).") : .works,
      ]
    )
  }

  private static let place = [
    Parameter("name", .string(.nonEmpty), title: "Name", "The volume's name.").with {
      $0.required = true
      $0.example = "data"
    },
    Parameter("mount_path", .string(.absolutePath), title: "Mount path", "Where in the container.").with {
      $0.required = true
      $0.aliases = ["mountPath"]
      $0.example = "/data"
    },
  ]

  private static let size = Parameter("size", .quantity, title: "Size", "The volume's size.").with {
    $0.unit = "bytes"
    $0.example = "2Gi"
  }
  private static let storageClass = Parameter(
    "storage_class",
    .string(.nonEmpty),
    title: "Storage class",
    "The cluster's storage class."
  ).with {
    $0.aliases = ["storageClass"]
    $0.example = "standard"
  }
  private static let claimName = Parameter("claim_name", .string(.nonEmpty), title: "Claim", "The claim's name.").with {
    $0.aliases = ["claimName"]
    $0.example = "datasets"
  }
  private static let sizeLimit = Parameter("size_limit", .quantity, title: "Size limit", "The most it may hold.").with {
    $0.aliases = ["sizeLimit"]
    $0.unit = "bytes"
    $0.example = "128Mi"
  }
  private static let medium = Parameter(
    "medium",
    .enumeration(["", "Memory"]),
    title: "Medium",
    "Memory keeps it in main memory; the empty string is the node's disk."
  ).with { $0.example = "Memory" }
  private static let hostPath = Parameter("path", .string(.absolutePath), title: "Path", "Where it is here.").with {
    $0.required = true
    $0.example = "/srv/data"
  }
  private static let readOnly = Parameter("read_only", .boolean, title: "Read-only", "The program can't change it.")
    .with {
      $0.aliases = ["readOnly"]
      $0.defaultValue = false
    }
  private static let specName = Parameter("name", .string(.nonEmpty), title: "Object", "The cluster object's name.")
    .with {
      $0.example = "settings"
    }
}
