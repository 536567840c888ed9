internal import Build
internal import JSON
internal import Model

/// What all releases have in common: from a plan to the members of Core's run spec.
struct RunSpecTranslation {
  private let plan: RunPlan
  private let dialect: any Dialect
  private(set) var translation = Translation()

  init(plan: RunPlan, dialect: any Dialect) {
    self.plan = plan
    self.dialect = dialect
    overrides()
    if plan.action == .build { build() } else { workload() }
    environment()
    dialect.resources(plan.spec.resources, into: &translation)
    volumes()
    placement()
    if let profile = plan.spec.profile { translation.spec["profile"] = .string(profile) }
    if plan.action == .serve { service() }
    if plan.action == .serve || plan.action == .deploy { replicas() }
  }

  // MARK: What a run may override of its function

  /// Core lets the function's non-empty values win over the run's (contract, section 4).
  private mutating func overrides() {
    for name in ["image", "base_image", "command"] {
      guard let given = plan.given[name] else { continue }
      let own = plan.function[name]
      // A build that asks for another image is made of a version that has it: see `RunPreparation`.
      if plan.action == .build, name == "image" {
        translation.spec[name] = given
        continue
      }
      if let own, own != given, own.stringValue?.isEmpty != true {
        translation.refuse(
          "/\(name)",
          rule: "conflict",
          "\(dialect.release) uses the function's `\(name)`, \(own.text()), whatever the run says (\(given.text())).",
          hint: "Leave `\(name)` out here, or out of the function, or make a new version with createFunction."
        )
      } else {
        translation.spec[name] = given
      }
    }
    // A run's own survives, and the function's does not, so it travels with the run.
    translation.spec["image_pull_policy"] = plan.given["image_pull_policy"] ?? plan.function["image_pull_policy"]
  }

  // MARK: job, serve, deploy

  private mutating func workload() {
    let spec = plan.spec
    if !spec.args.isEmpty { translation.spec["args"] = .array(spec.args.map { .string($0) }) }
    for name in ["run_as_user", "run_as_group", "fs_group"] where plan.given.contains(name) {
      translation.spec[name] = plan.given[name]
    }
  }

  private mutating func replicas() {
    guard plan.given.contains("replicas") else { return }
    translation.spec["replicas"] = .integer(plan.spec.replicas)
    if plan.action == .serve, plan.spec.replicas > 1 {
      translation.warn(
        "/replicas",
        "no_effect",
        "\(dialect.release) starts one replica of a serve, whatever `replicas` says; only a profile's template can "
          + "have more. A deploy has all \(plan.spec.replicas)."
      )
    }
  }

  private mutating func service() {
    let spec = plan.spec
    guard !spec.servicePorts.isEmpty else {
      translation.refuse(
        "/service_ports",
        rule: "required",
        "A serve on Core needs `service_ports`: a Service without ports is refused by the cluster.",
        hint: "For example [{\"port\": 8080, \"target_port\": 8080}]."
      )
      return
    }
    translation.spec["service_ports"] = .array(
      spec.servicePorts.map { ["port": .integer($0.port), "target_port": .integer($0.targetPort)] }
    )
    // Core's own default is its administrator's, mostly NodePort; ours is ClusterIP, so it is always said.
    translation.spec["service_type"] = .string(spec.serviceType.rawValue)
    translation.spec["service_name"] = spec.serviceName.map { .string($0) }
  }

  // MARK: build

  private mutating func build() {
    var texts: [JSONValue] = []
    for (index, text) in plan.spec.instructions.enumerated() {
      do throws(InstructionError) {
        let parsed = try Instruction(text)
        let instruction = BuildInstruction(index: index, keyword: parsed.keyword, text: parsed.text)
        if let written = dialect.instruction(instruction, into: &translation) { texts.append(.string(written)) }
      } catch {
        translation.refuse(
          "/instructions/\(index)",
          rule: "instruction",
          "instruction \(index + 1) \(error.reason)",
          hint: error.hint
        )
      }
    }
    if plan.spec.lang == "dockerfile", !dialect.takesDockerfile {
      translation.refuse(
        "/function/lang",
        "\(dialect.release) does not build a Dockerfile of the function's own; Core 0.14 and later do.",
        hint: "Give base_image and instructions."
      )
    }
    if plan.spec.lang == "dockerfile", let code = plan.spec.code, code.contains(/(\\|<<-?\w+)[ \t]*\r?\n/) {
      translation.refuse(
        "/function/code",
        "Core reads a Dockerfile line by line: an instruction that goes on in the next line fails there.",
        hint: "Put each instruction on one line (join commands with &&)."
      )
    }
    if !texts.isEmpty { translation.spec["instructions"] = .array(texts) }
    if plan.given["push"]?.boolValue == false {
      translation.refuse(
        "/push",
        "Core always pushes what it builds to its own registry: `push: false` can't be honoured.",
        hint: "Leave push out."
      )
    }
    if let image = plan.given["image"]?.stringValue ?? plan.function["image"]?.stringValue { target(image) }
  }

  /// Core cuts the function's image at the first colon, and tags with five characters of the run's id.
  private mutating func target(_ image: String) {
    // A name that can't be read was refused before.
    guard let reference = try? ImageReference(image) else { return }
    if reference.digest != nil {
      translation.refuse(
        "/image",
        "A build can't make an image of a given digest.",
        hint: "Leave the digest out."
      )
    }
    if reference.registry.contains(":") {
      translation.refuse(
        "/image",
        "Core cuts the image's name at its first colon: of \(image) it would keep "
          + "\(image.prefix { $0 != ":" }).",
        hint: "Name a registry without a port; Core pushes to the registry that it is configured with."
      )
      return
    }
    let name = image.prefix { $0 != ":" && $0 != "@" }
    if name.count <= 3 {
      translation.warn("/image", "image_name", "Core names the image PROJECT-FUNCTION: \(name) is too short for it.")
    } else if image.dropFirst(name.count).hasPrefix(":") {
      translation.warn(
        "/image",
        "image_name",
        "Core chooses the registry, the prefix and the tag: the image will be named …\(name):XXXXX, with five "
          + "characters of the run's id, and not \(image). The function's image tells the name after the build."
      )
    }
  }

  // MARK: All actions

  private mutating func environment() {
    let spec = plan.spec
    var envs = spec.envs
    if let handler = spec.handler, plan.action != .build, !envs.contains(where: { $0.name == "DH_HANDLER" }) {
      envs.append(EnvironmentVariable(name: "DH_HANDLER", value: handler))
    }
    for (index, env) in spec.envs.enumerated() where Self.coresOwn.contains(env.name) {
      translation.warn("/envs/\(index)", "no_effect", "Core sets \(env.name) itself, and its value wins.")
    }
    if !envs.isEmpty {
      translation.spec["envs"] = .array(envs.map { ["name": .string($0.name), "value": .string($0.value)] })
    }
    if !spec.secrets.isEmpty { translation.spec["secrets"] = .array(spec.secrets.map { .string($0) }) }
  }

  /// They come first in the pod's list, and the first of a name wins (contract, section 4).
  private static let coresOwn: Set = ["DHCORE_ENDPOINT", "DHCORE_NAMESPACE", "PROJECT_NAME", "RUN_ID"]

  private mutating func placement() {
    for name in ["node_selector", "affinity", "tolerations", "runtime_class", "priority_class"] {
      guard let value = plan.given[name] else { continue }
      if dialect.takesPlacement {
        translation.spec[name] = value
      } else {
        translation.refuse(
          "/\(name)",
          "\(dialect.release) takes no `\(name)` from a run; Core 0.13 and 0.14 do.",
          hint: "Name a `profile` whose template has it; getCapabilities lists the server's."
        )
      }
    }
  }

  private mutating func volumes() {
    var list: [JSONValue] = []
    for (index, volume) in plan.spec.volumes.enumerated() {
      // The short form; the declarations warn of what becomes of it.
      let kind = volume.kind ?? .emptyDir
      guard dialect.volumeKinds.contains(kind) else {
        // Config maps and secrets have been refused by their declarations.
        if kind == .sharedVolume {
          translation.refuse(
            "/volumes/\(index)/volume_type",
            "\(dialect.release) has no shared_volume; Core 0.14 and later have.",
            hint: "A persistent_volume_claim works, but is made anew for each run."
          )
        }
        continue
      }
      if kind == .persistentVolumeClaim {
        translation.warn(
          "/volumes/\(index)",
          "not_persistent",
          "Core makes the claim of a persistent_volume_claim for this run and deletes it with the run: its data does "
            + "not survive. A shared_volume (Core 0.14 and later) is one that is there already, and stays."
        )
      }
      var json: JSONObject = [
        "volume_type": .string(kind.rawValue), "name": .string(volume.name), "mount_path": .string(volume.mountPath),
      ]
      var spec: JSONObject = [:]
      for (name, value) in volume.spec.members {
        let size = name.hasPrefix("size") ? value.stringValue.flatMap { Quantity($0) } : nil
        spec[Self.volumeSpecName(name, kind)] = size.map { .string(CoreQuantity.text($0, of: "disk")) } ?? value
      }
      if !spec.isEmpty { json["spec"] = .object(spec) }
      list.append(.object(json))
    }
    if !list.isEmpty { translation.spec["volumes"] = .array(list) }
  }

  /// Core reads some in camelCase only (contract, sections 3 and 4).
  private static func volumeSpecName(_ name: String, _ kind: Volume.Kind) -> String {
    switch (name, kind) {
    case ("size_limit", _): "sizeLimit"
    case ("claim_name", _): "claimName"
    case ("storage_class", .ephemeral): "storageClass"
    default: name
    }
  }
}
