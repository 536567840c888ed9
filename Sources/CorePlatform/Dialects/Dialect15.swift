internal import JSON
internal import Model

/// Core 0.15: as 0.14, with `disk`, and with placement left to the administrator's templates.
struct Dialect15: Dialect {
  let level = 15
  let release = "Core 0.15"
  let resumes = false
  let filtersByAction = true
  let volumeKinds: Set<Volume.Kind> = [.persistentVolumeClaim, .sharedVolume, .emptyDir, .ephemeral]
  let takesPlacement = false
  let takesDockerfile = true

  func runKind(of action: Action) -> String { action.runKind }

  func resources(_ resources: Resources, into translation: inout Translation) {
    FlatResources.translate(resources, release: release, into: &translation)
    guard let disk = resources.disk else { return }
    var json = translation.spec["resources"]?.objectValue ?? [:]
    json["disk"] = .string(CoreQuantity.text(disk, of: "disk"))
    translation.spec["resources"] = .object(json)
  }

  func instruction(_ instruction: BuildInstruction, into translation: inout Translation) -> String? {
    DockerfileDirectives.checked(instruction, release: release, into: &translation)
  }
}
