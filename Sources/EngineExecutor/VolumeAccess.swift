import JSON
import Model
import Sources

/// Who may use a volume's top folder: a new one belongs to root alone, and on Kubernetes everyone may write to an empty
/// directory, and fs_group owns what is mounted. It is set by a tar with an entry for it, put into the folder above.
struct VolumeAccess: Sendable, Hashable {
  /// In the container: the folder above, and the folder's name in it.
  let above: String
  let name: String
  let access: TarArchive.Access

  init(_ mountPath: String, _ spec: WorkloadSpec) {
    let parts = mountPath.split(separator: "/")
    above = "/" + parts.dropLast().joined(separator: "/")
    name = parts.last.map(String.init) ?? "."
    let owner = FileOwner(user: 0, group: spec.fsGroup ?? 0)
    access = TarArchive.Access(owner: owner, writers: spec.fsGroup == nil ? .everyone : .group)
  }

  func put(_ container: String) -> EngineCall {
    EngineCall(
      "PUT",
      "/containers/\(container)/archive?path=" + EngineCall.encoded(above),
      upload: "a tar of the folder \(name), " + access.text
    )
  }
}
