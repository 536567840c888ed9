import FoundationEssentials
package import HTTP

/// Brings sources onto this machine.
package struct SourceFetcher: Sendable {
  /// What to fetch.
  package enum Request: Sendable, Hashable {
    /// Becomes one file.
    case inline(name: String, contents: [UInt8])
    /// A local path is absolute. `name` is that of a single file whose URI gives it none.
    case uri(PinnedSource, name: String)
  }

  private let workspace: SourceWorkspace
  private let transport: HTTPTransport
  private let limits: SourceLimits

  package init(_ workspace: SourceWorkspace, transport: HTTPTransport, limits: SourceLimits = SourceLimits()) {
    self.workspace = workspace
    self.transport = transport
    self.limits = limits
  }

  /// `variables` are the credentials and what else git and S3 read from the environment (GIT_TOKEN, AWS_…, HTTPS_PROXY,
  /// …). Throws a `SourceError`, or `CancellationError`; nothing is left behind then.
  package func fetch(_ request: Request, variables: [String: String]) async throws -> FetchedSource {
    // The user's own files are read where they are.
    if case .uri(let pinned, _) = request, case .local(let path) = pinned.source {
      let source = try await LocalSource.read(path, limits: limits)
      guard source.kind == .archive else { return FetchedSource(source, folder: nil, workspace: workspace) }
    }
    let workspace = workspace
    let folder = try await BlockingThread.run { _ in try workspace.makeFolder() }
    do {
      let content = folder + "/content"
      try await BlockingThread.run { _ in try Self.make(content) }
      try await fill(content, beside: folder, request, variables)
      return FetchedSource(try await LocalSource.read(content, limits: limits), folder: folder, workspace: workspace)
    } catch {
      _ = try? await BlockingThread.run { _ in workspace.remove(folder) }
      throw (error as? SourceError).map { Self.shortened($0, content: folder + "/content") } ?? error
    }
  }

  private func fill(_ content: String, beside folder: String, _ request: Request, _ variables: [String: String])
    async throws
  {
    switch request {
    case .inline(let name, let contents):
      try await BlockingThread.run { _ in
        try DownloadedFile(content + "/" + name, title: name, limit: .max).append(contents)
      }
    case .uri(let pinned, let name):
      switch pinned.source {
      case .local(let path): try await unpack(path, into: content, title: path)
      case .git(let source):
        let limits = limits
        try await BlockingThread.run { cancellation in
          let control = folder + "/control"
          try Self.make(control)
          try GitFetch(source: source, variables: variables, limits: limits, cancellation: cancellation)
            .fetch(into: content, control: control)
        }
      case .http(let url, let isArchive):
        let title = (isArchive ? "zip+" : "") + url.prefix { $0 != "?" && $0 != "#" }
        let path = isArchive ? folder + "/archive" : content + "/" + (HTTPDownload.fileName(url) ?? name)
        let file = try DownloadedFile(path, title: title, limit: limits.fileBytes)
        try await HTTPDownload(transport: transport).get(url) { try file.append($0) }
        try file.finish(sha256: pinned.sha256)
        if isArchive { try await unpack(path, into: content, title: title) }
      case .s3(let location, let isArchive):
        let title = (isArchive ? "zip+" : "") + location.uri
        let own = location.key.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let path = isArchive ? folder + "/archive" : content + "/" + (HTTPDownload.isFileName(own) ? own : name)
        let client = S3Client(try S3Store(variables), transport: transport)
        let file = try DownloadedFile(path, title: title, limit: limits.fileBytes)
        try await client.read(location) { try file.append($0) }
        try file.finish(sha256: pinned.sha256)
        if isArchive { try await unpack(path, into: content, title: title) }
      case .reference(let uri):
        throw SourceError(
          "\(uri) is known to a DigitalHub server only",
          hint: "use --platform core, or give a path, git+https://, https://, zip+https://, s3:// or zip+s3://"
        )
      }
    }
  }

  private func unpack(_ archive: String, into content: String, title: String) async throws {
    let limits = limits
    try await BlockingThread.run { cancellation in
      try ZipReader.unpack(archive, into: content, title: title, limits: limits, cancellation)
    }
  }

  private static func make(_ folder: String) throws(SourceError) {
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false) } catch {
      throw SourceError("no folder can be made for the source: \(folder)", hint: "see whether the disk has room")
    }
  }

  /// Nobody knows the temporary folder, and it is gone when the error is read.
  private static func shortened(_ error: SourceError, content: String) -> SourceError {
    func short(_ text: String) -> String {
      text.replacing(content + "/", with: "").replacing(content, with: "the source")
    }
    return SourceError(
      short(error.message),
      hint: error.hint,
      cause: error.cause.map(short),
      storeCode: error.storeCode
    )
  }
}
