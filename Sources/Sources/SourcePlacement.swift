import FoundationEssentials
package import JSON

/// How a source reaches the containers of a DigitalHub server: what the function's `spec.source` says, and what has to
/// be uploaded for it. Pure; digitalhub/contract.md, "Source placement", says what the server does with it.
package enum SourcePlacement: Sendable, Hashable {
  /// The server's containers fetch it themselves.
  case reference(uri: String)
  /// Becomes the file `name` in /shared. It is not executable there.
  case inline(name: String, contents: [UInt8])
  /// Uploaded as a zip archive, unpacked into /shared.
  case upload(S3Location)

  /// Of a source that is not on this machine; nil of one that is (`LocalSource.read`, then the other one). Throws a
  /// `SourceError` for what the server's containers pass over without a word.
  package static func remote(_ source: CodeSource) throws(SourceError) -> SourcePlacement? {
    if case .git(let git) = source, git.transport != .https {
      throw SourceError(
        "`code_src` is git+\(git.transport.rawValue)://, which a DigitalHub server does not fetch",
        hint: git.transport == .ssh
          ? "write git+https://, with GIT_TOKEN among the run's secrets where the repository is private"
          : "push the repository to a git server and name it by git+https://, or give the folder's path alone"
      )
    }
    return source.uri.map { .reference(uri: $0) }
  }

  /// Of a source on this machine. A small single file travels in the function; everything else is uploaded under
  /// `store` with a name made of its contents, so that the same source is there once. `store` is asked for only then.
  package static func local(
    _ source: LocalSource,
    store: () throws(SourceError) -> S3Location
  ) throws(SourceError) -> SourcePlacement {
    if source.kind == .file, let contents = source.contents { return .inline(name: source.name, contents: contents) }
    return .upload(try store().appending(source.fingerprint + ".zip"))
  }

  /// `spec.source`'s `source` and `base64`.
  package var members: JSONObject {
    switch self {
    case .reference(let uri): ["source": .string(uri)]
    case .inline(let name, let contents):
      ["source": .string(name), "base64": .string(Data(contents).base64EncodedString())]
    case .upload(let location): ["source": .string("zip+" + location.uri)]
    }
  }
}
