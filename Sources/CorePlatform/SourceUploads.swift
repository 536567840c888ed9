internal import HTTP
internal import JSON
internal import Model
internal import Settings
internal import Sources

/// What becomes of a function's `code_src` on Core: what its containers fetch themselves is passed on, a small file
/// travels inside the function, folders, archives and large files go to the project's S3 store.
struct SourceUploads: Sendable {
  /// Where relative paths begin, and `~`.
  var workingDirectory: String
  var home: String?
  var temporaryDirectory: String
  /// `core.files_store`: where uploads go.
  var filesStore: Setting<String>?
  var credentials: @Sendable () async throws(SidecarError) -> StorageCredentials?
  var transport: HTTPTransport

  /// `spec.source`'s own members; nil where there is no `code_src`. Throws `source_error` or `invalid_params`, which
  /// name `code_src` and the remedy.
  func source(of spec: JSONObject, project: String) async throws -> JSONObject? {
    guard let text = spec["code_src"]?.stringValue else { return nil }
    do {
      let source: CodeSource
      do throws(SourceError) { source = try CodeSource(text) } catch { throw Self.fault(error) }
      if let remote = try SourcePlacement.remote(source) { return remote.members }
      guard case .local(let path) = source else { return nil }
      let absolute = try LocalPath.absolute(path, directory: workingDirectory, home: home)
      return try await placed(try await LocalSource.read(absolute), project: project).members
    } catch let error as SourceError {
      throw SidecarError(.sourceError, error.message, hint: error.hint)
    }
  }

  private func placed(_ local: LocalSource, project: String) async throws -> SourcePlacement {
    // A small file needs no store, so nobody is asked for its keys.
    let variables = local.contents == nil ? Self.variables(try await credentials(), filesStore) : [:]
    let placement = try SourcePlacement.local(local) { () throws(SourceError) in
      // As the official client lays it out.
      try S3Location.filesStore(variables).appending(project).appending("function")
    }
    if case .upload(let location) = placement {
      let client = S3Client(try S3Store(variables), transport: transport)
      _ = try await SourceUploader(client, temporaryDirectory: temporaryDirectory).upload(local, to: location)
    }
    return placement
  }

  /// By the names that Core hands them out under.
  private static func variables(_ known: StorageCredentials?, _ filesStore: Setting<String>?) -> [String: String] {
    let values: [(String, String?)] = [
      ("DHCORE_DEFAULT_FILES_STORE", filesStore?.value), ("S3_BUCKET", known?.bucket),
      ("AWS_ENDPOINT_URL", known?.endpoint), ("AWS_REGION", known?.region),
      ("S3_PATH_STYLE", known?.pathStyle.map { "\($0)" }), ("AWS_ACCESS_KEY_ID", known?.accessKey),
      ("AWS_SECRET_ACCESS_KEY", known?.secretKey.exposed), ("AWS_SESSION_TOKEN", known?.sessionToken?.exposed),
    ]
    return Dictionary(uniqueKeysWithValues: values.compactMap { name, value in value.map { (name, $0) } })
  }

  private static func fault(_ error: SourceError) -> SidecarError {
    let fault = Fault(pointer: "/code_src", rule: "code_source", message: error.message, hint: error.hint)
    return SidecarError(.invalidParams, error.message, hint: error.hint, faults: [fault])
  }
}
