import JSON
import Model
import Platform

/// The volumes of a run. A persistent_volume_claim (and the reference's short form) is a named volume of the project
/// that outlives the run; a shared_volume one that is there already or is made; empty_dir and ephemeral go with it.
struct StoragePlan {
  private(set) var calls: [EngineCall] = []
  private(set) var mounts: [JSONValue] = []
  private(set) var ownVolumes: [String] = []
  private(set) var warnings: [Warning] = []

  init(_ execution: Execution) {
    let spec = execution.spec
    for (index, volume) in spec.volumes.enumerated() { add(volume, at: index, execution) }
    if spec.resources.disk != nil {
      let name = "dh-\(execution.runID)-disk"
      addVolume(name, target: "/shared", own: true, execution)
      warnings.append(
        Warning(
          pointer: "/resources/disk",
          code: "size_not_enforced",
          message: "a container engine sets no volume's size"
        )
      )
    }
    if spec.fsGroup != nil, !mounts.isEmpty {
      warnings.append(
        Warning(
          pointer: "/fs_group",
          code: "ownership_unchanged",
          message: "the program joins the group, but the volumes keep the owner that they have"
        )
      )
    }
  }

  private mutating func add(_ volume: Volume, at index: Int, _ execution: Execution) {
    let own = "dh-\(execution.runID)-\(Self.safe(volume.name))"
    switch volume.kind {
    case .emptyDir where volume.spec["medium"]?.stringValue == "Memory":
      var mount: JSONObject = ["Type": "tmpfs", "Target": .string(volume.mountPath)]
      if let size = volume.spec["size_limit"]?.stringValue.flatMap({ Quantity($0) }) {
        mount["TmpfsOptions"] = ["SizeBytes": .integer(Int(size.value))]
      }
      mounts.append(.object(mount))
    case .emptyDir, .ephemeral:
      addVolume(own, target: volume.mountPath, own: true, execution)
      warnUnenforced(volume, at: index)
    case .sharedVolume:
      let claim = volume.spec["claim_name"]?.stringValue ?? volume.name
      addVolume(Self.safe(claim), target: volume.mountPath, own: false, execution)
    case .persistentVolumeClaim, nil:
      let name = "dh-\(Self.safe(execution.project))-\(Self.safe(volume.name))"
      addVolume(name, target: volume.mountPath, own: false, execution)
      warnUnenforced(volume, at: index)
    case .configMap, .secret:
      break  // refused before
    }
  }

  private mutating func warnUnenforced(_ volume: Volume, at index: Int) {
    for member in ["size", "size_limit", "storage_class"] where volume.spec.contains(member) {
      warnings.append(
        Warning(
          pointer: "/volumes/\(index)/spec/\(member)",
          code: "size_not_enforced",
          message: "\(member) is not enforced for volumes of a container engine"
        )
      )
    }
  }

  private mutating func addVolume(_ name: String, target: String, own: Bool, _ execution: Execution) {
    var labels = EnginePlanner.labels(execution)
    if !own {
      // It outlives the run, so it carries only what stays true.
      labels = [EnginePlanner.labelPrefix + "project": .string(execution.project)]
    }
    calls.append(EngineCall("POST", "/volumes/create", body: ["Name": .string(name), "Labels": .object(labels)]))
    mounts.append(["Type": "volume", "Source": .string(name), "Target": .string(target)])
    if own { ownVolumes.append(name) }
  }

  /// Volume names allow `[a-zA-Z0-9][a-zA-Z0-9_.-]*`; anything else becomes `_`.
  static func safe(_ name: String) -> String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) ? $0 : "_" })
  }
}
