internal import JSON
internal import Model

/// Core 0.14: run kinds by action, flat resources, instructions as they stand in a Dockerfile.
struct Dialect14: Dialect {
  let level = 14
  let release = "Core 0.14"
  let resumes = false
  let filtersByAction = true
  let volumeKinds: Set<Volume.Kind> = [.persistentVolumeClaim, .sharedVolume, .emptyDir, .ephemeral]
  let takesPlacement = true
  let takesDockerfile = true

  func runKind(of action: Action) -> String { action.runKind }

  func resources(_ resources: Resources, into translation: inout Translation) {
    FlatResources.translate(resources, release: release, into: &translation)
    translation.refuseDisk(resources, release: release)
  }

  func instruction(_ instruction: BuildInstruction, into translation: inout Translation) -> String? {
    DockerfileDirectives.checked(instruction, release: release, into: &translation)
  }
}

/// `{cpu: "500m", mem: "4Gi", gpu: "1"}`: what is requested. The limits are the server's (contract, section 4).
enum FlatResources {
  static func translate(_ resources: Resources, release: String, into translation: inout Translation) {
    var json: JSONObject = [:]
    for (name, request, limit) in [
      ("cpu", resources.requests.cpu, resources.limits.cpu),
      ("mem", resources.requests.memory, resources.limits.memory),
      ("gpu", resources.requests.gpu, resources.limits.gpu),
    ] {
      json[name] = request.map { .string(CoreQuantity.text($0, of: name)) }
      guard let limit else { continue }
      // Kubernetes wants both equal, and Core sets the limit so.
      if name == "gpu", request == nil || request?.milliValue == limit.milliValue {
        json[name] = .string(CoreQuantity.text(limit, of: name))
        continue
      }
      translation.refuse(
        "/resources/limits/\(name)",
        "\(release) takes no limits from a run: it makes them from the requests. Core 0.13 takes them.",
        hint: "Give `requests` only, or a `profile` whose template has limits."
      )
    }
    if !json.isEmpty { translation.spec["resources"] = .object(json) }
  }
}

/// What Core's own Dockerfile maker knows; it drops other directives without a word.
enum DockerfileDirectives {
  static let known: Set = [
    "RUN", "CMD", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "USER", "WORKDIR", "ARG", "HEALTHCHECK",
  ]

  static func checked(
    _ instruction: BuildInstruction,
    release: String,
    into translation: inout Translation
  ) -> String? {
    guard known.contains(instruction.keyword) else {
      translation.refuse(
        instruction.pointer,
        "\(release) drops \(instruction.keyword) from a build's instructions.",
        hint: "It keeps \(known.sorted().joined(separator: ", ")); or give the whole Dockerfile as code with "
          + "lang: dockerfile."
      )
      return nil
    }
    return instruction.text
  }
}
