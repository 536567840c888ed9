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

  package var tar: TarStream { TarStream(files) }
}
