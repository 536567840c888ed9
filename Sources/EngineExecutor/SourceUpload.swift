import JSON
import Model
import Platform
import Sources

/// How a run's source gets into a container that is made and not yet started. Pure.
package struct SourceUpload: Sendable, Hashable {
  /// Where sources are in containers, as on Core.
  package static let directory = "/shared"

  package var access: TarArchive.Access
  /// A volume is mounted there, so that the folder is there.
  package var isVolume: Bool
  /// That volume is the run's alone, so that its top gets the access too: Docker takes that from an entry for it in the
  /// folder above, Podman from one in the folder itself.
  package var isOwnVolume: Bool
  /// The function's parameter that the source comes from, for `renderRun`.
  package var parameter: String

  /// Nil where the function has no source, and for a build, which takes it as its context.
  package init?(_ spec: WorkloadSpec) {
    guard spec.action != .build,
      let parameter = [("code", spec.code), ("base64", spec.base64), ("code_src", spec.codeSource)]
        .first(where: { $0.1 != nil })?.0
    else { return nil }
    self.parameter = parameter
    let user = spec.runAsUser
    let group = spec.fsGroup ?? spec.runAsGroup
    access = TarArchive.Access(
      owner: FileOwner(user: user ?? 0, group: group ?? 0),
      writers: spec.fsGroup != nil ? .group : user != nil ? .owner : .everyone
    )
    let volume = spec.volumes.first { Self.isDirectory($0.mountPath) }
    isOwnVolume = volume.map { [.emptyDir, .ephemeral].contains($0.kind) } ?? (spec.resources.disk != nil)
    isVolume = volume != nil || spec.resources.disk != nil
  }

  /// Whether the path is /shared, however it is written.
  static func isDirectory(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: true) == ["shared"]
  }

  /// Asks whether the folder is there; not sent where a volume makes it.
  func look(_ container: String) -> EngineCall {
    EngineCall("HEAD", "/containers/\(container)/archive?path=" + EngineCall.encoded(Self.directory))
  }

  func makeFolder(_ container: String) -> EngineCall {
    EngineCall(
      "PUT",
      "/containers/\(container)/archive?path=" + EngineCall.encoded("/"),
      condition: isOwnVolume ? nil : "\(Self.directory) absent",
      upload: "a tar of the folder shared, " + access.text
    )
  }

  func put(_ container: String) -> EngineCall {
    EngineCall(
      "PUT",
      "/containers/\(container)/archive?path=" + EngineCall.encoded(Self.directory),
      upload: "a tar of the files of `\(parameter)`, " + access.text
    )
  }

  /// In the order in which they are sent.
  func calls(_ container: String) -> [EngineCall] {
    if isOwnVolume { return [makeFolder(container), put(container)] }
    return (isVolume ? [] : [look(container), makeFolder(container)]) + [put(container)]
  }
}

extension TarArchive.Access {
  /// `owner 1000:1000, modes 755 and 644`
  var text: String {
    let modes = [folderMode, fileMode(isExecutable: false)].map { String($0, radix: 8) }
    return "owner \(owner.user):\(owner.group), modes \(modes.joined(separator: " and "))"
  }
}
