package import Model

/// What is sent to an engine's builder: the Dockerfile and the function's source, as one tar stream.
package struct BuildContext: Sendable, Hashable {
  /// The Dockerfile's name in the context.
  package static let dockerfileName = "Dockerfile"
  /// Where a source is that the Dockerfile copies.
  package static let sourceDirectory = "source"

  /// In the order in which they are sent.
  package let files: [BuildSource.File]

  /// A Dockerfile that is made or given as text, and the source beside it, in a folder of its own.
  package init(_ dockerfile: Dockerfile, source: BuildSource?) {
    var files = [BuildSource.File(name: Self.dockerfileName, contents: .bytes(Array(dockerfile.text.utf8)))]
    for file in source?.files ?? [] {
      var file = file
      file.name = Self.sourceDirectory + "/" + file.name
      files.append(file)
    }
    self.files = files
  }

  /// A source that has its Dockerfile itself (`lang: dockerfile`): a single file is the Dockerfile, a folder has one by
  /// that name. Throws `source_error` where there is none.
  package init(whole source: BuildSource) throws(SidecarError) {
    var files = source.files
    if files.count == 1 { files[0].name = Self.dockerfileName }
    guard files.contains(where: { $0.name == Self.dockerfileName }) else {
      throw SidecarError(
        .sourceError,
        "`lang` is dockerfile, and the source has no file `\(Self.dockerfileName)` at its top.",
        hint: "Put one there, or name the Dockerfile itself as code_src."
      )
    }
    self.files = files
  }

  /// Beside the source, where no instruction can copy them: the engine takes them away before it begins.
  package func with(secrets: [(name: String, value: String)]) -> BuildContext {
    BuildContext(
      files: files
        + secrets.map {
          BuildSource.File(name: Self.secretName($0.name), contents: .bytes(Array($0.value.utf8)))
        }
    )
  }

  /// The name of a secret's file in the context.
  package static func secretName(_ secret: String) -> String { ".dh-sidecar-secret-" + secret }

  private init(files: [BuildSource.File]) { self.files = files }

  package var tar: TarStream { TarStream(files) }
}
