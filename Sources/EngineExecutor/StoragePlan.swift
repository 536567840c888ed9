import JSON
import Model
import Platform
import Sources

/// The volumes of a run. A persistent_volume_claim (and the reference's short form) is a named volume of the project
/// that outlives the run; a shared_volume one that is there already or is made; empty_dir and ephemeral go with it; a
/// host_path is a folder or a file of this machine.
struct StoragePlan {
  /// `claim`, `shared` or `own`: what may become of a volume.
  static let kindLabel = EnginePlanner.labelPrefix + "volume"
  static let claim = "claim"

  private(set) var calls: [EngineCall] = []
  /// HostConfig's members for a container: `Mounts`, `Binds`, `Tmpfs`.
  private(set) var mounts: [JSONValue] = []
  private(set) var binds: [JSONValue] = []
  private(set) var memory: JSONObject = [:]
  private(set) var ownVolumes: [String] = []
  /// What the volumes' top folders are given before a program starts.
  private(set) var access: [VolumeAccess] = []
  private(set) var warnings: [Warning] = []

  init(_ execution: Execution) {
    let spec = execution.spec
    for (index, volume) in spec.volumes.enumerated() { add(volume, at: index, execution) }
    if let disk = spec.resources.disk {
      addOwn("disk", target: SourceUpload.directory, size: disk, execution)
      warnings.append(Self.unenforced("/resources/disk"))
    }
  }

  private mutating func add(_ volume: Volume, at index: Int, _ execution: Execution) {
    let pointer = "/volumes/\(index)"
    func amount(_ member: String) -> Quantity? { volume.spec[member]?.stringValue.flatMap { Quantity($0) } }
    switch volume.kind {
    case .emptyDir where volume.spec["medium"]?.stringValue == "Memory":
      // As Kubernetes mounts it: for everyone, and programs in it may run.
      let size = amount("size_limit").map { ",size=\($0.value)" } ?? ""
      memory[volume.mountPath] = .string("rw,exec,nosuid,nodev,mode=1777" + size)
    case .emptyDir:
      addOwn(volume.name, target: volume.mountPath, size: amount("size_limit"), execution)
    case .ephemeral:
      addOwn(volume.name, target: volume.mountPath, size: amount("size"), execution)
    case .sharedVolume:
      let name = VolumeName.clean(volume.spec["claim_name"]?.stringValue ?? volume.name)
      make(name, "shared", EnginePlanner.projectLabels(execution), size: amount("size"))
      mounts.append(["Type": "volume", "Source": .string(name), "Target": .string(volume.mountPath)])
    case .persistentVolumeClaim, nil:
      let name = VolumeName.claim(volume.name, project: execution.project)
      make(name, Self.claim, EnginePlanner.projectLabels(execution), size: amount("size"))
      mounts.append(["Type": "volume", "Source": .string(name), "Target": .string(volume.mountPath)])
      if execution.spec.fsGroup != nil { access.append(VolumeAccess(volume.mountPath, execution.spec)) }
    case .hostPath:
      let isReadOnly = volume.spec["read_only"]?.boolValue ?? false
      mounts.append([
        "Type": "bind", "Source": volume.spec["path"] ?? "", "Target": .string(volume.mountPath),
        "ReadOnly": .bool(isReadOnly),
      ])
    case .configMap, .secret:
      break  // refused before
    }
    warn(volume, pointer, execution.spec)
  }

  private mutating func warn(_ volume: Volume, _ pointer: String, _ spec: WorkloadSpec) {
    if volume.kind == nil {
      warnings.append(
        Warning(
          pointer: pointer,
          code: "default_volume_type",
          message: "without volume_type it is a persistent_volume_claim here: its data is kept when the run is gone"
        )
      )
    }
    if volume.spec["medium"]?.stringValue != "Memory" {
      for member in ["size", "size_limit"] where volume.spec.contains(member) {
        warnings.append(Self.unenforced("\(pointer)/spec/\(member)"))
      }
    }
    if volume.spec.contains("storage_class") {
      warnings.append(
        Warning(
          pointer: pointer + "/spec/storage_class",
          code: "no_effect",
          message: "storage classes are a cluster's; here the engine keeps all volumes in one place"
        )
      )
    }
    if spec.fsGroup != nil, [.persistentVolumeClaim, .sharedVolume, .hostPath, nil].contains(volume.kind) {
      let isTop = [.persistentVolumeClaim, nil].contains(volume.kind)
      warnings.append(
        Warning(
          pointer: "/fs_group",
          code: "ownership_unchanged",
          message: "the program joins the group; \(isTop ? "what is in " : "")the volume \(volume.name) keeps its owner"
        )
      )
    }
  }

  private static func unenforced(_ pointer: String) -> Warning {
    Warning(
      pointer: pointer,
      code: "size_not_enforced",
      message: "the size is kept only where the engine's volumes are on a file system with project quotas "
        + "(xfs, mounted with prjquota); elsewhere the volume may grow beyond it"
    )
  }

  /// A volume that is empty at the start and goes with the run.
  private mutating func addOwn(_ given: String, target: String, size: Quantity?, _ execution: Execution) {
    let name = VolumeName.own(given, runID: execution.runID)
    make(name, "own", EnginePlanner.labels(execution), size: size)
    ownVolumes.append(name)
    if target.contains(":") {
      mounts.append(["Type": "volume", "Source": .string(name), "Target": .string(target)])
    } else {
      // Not as one of `Mounts`: Podman would copy into it what the image has there.
      binds.append(.string("\(name):\(target):nocopy"))
    }
    // The source brings the access with it.
    if SourceUpload(execution.spec) == nil || !SourceUpload.isDirectory(target) {
      access.append(VolumeAccess(target, execution.spec))
    }
  }

  private mutating func make(_ name: String, _ kind: String, _ labels: JSONObject, size: Quantity?) {
    var labels = labels
    labels[Self.kindLabel] = .string(kind)
    var call = EngineCall("POST", "/volumes/create", body: ["Name": .string(name), "Labels": .object(labels)])
    if let size {
      call.body?["DriverOpts"] = ["size": .string("\(size.value)")]
      call.condition = "project quotas are there; else without DriverOpts"
    }
    calls.append(call)
  }
}
