import HTTP
import Model
import Platform
import Sources

/// Puts a run's source into its containers: fetched once, a copy for each.
actor SourcePlacer {
  private let client: EngineClient
  private let upload: SourceUpload
  private let sources: RunSources
  private let execution: Execution
  private var archive: TarArchive?

  /// Nil where the function has no source.
  init?(_ execution: Execution, sources: RunSources, client: EngineClient) {
    guard let upload = SourceUpload(execution.spec) else { return nil }
    self.upload = upload
    self.execution = execution
    self.sources = sources
    self.client = client
  }

  /// Fetches it, before anything is created. What is in the way otherwise: then the run is over.
  func provide(progress: @Sendable (Progress) -> Void) async throws -> Ending? {
    guard archive == nil else { return nil }
    progress(Progress(message: "Fetching the source (\(upload.parameter))"))
    do {
      guard let fetched = try await sources.fetch(execution) else { return nil }
      do {
        archive = try await TarArchive.make(
          fetched.source,
          access: upload.access,
          includesTop: upload.isOwnVolume,
          temporaryDirectory: sources.temporaryDirectory
        )
      } catch {
        await fetched.discard()
        throw error
      }
      await fetched.discard()
    } catch let error as SourceError {
      return Self.ending(error)
    }
    return nil
  }

  /// Puts a copy into a container that was never started; one that was keeps the copy that it has.
  func place(in container: String) async throws -> Ending? {
    guard let state = try await client.inspect(container), state.isNew else { return nil }
    if archive == nil, let failure = try await provide(progress: { _ in }) { return failure }
    guard let archive else { return nil }
    if try await needsFolder(container) {
      let folder: TarArchive
      do {
        folder = try await TarArchive.folder(
          String(SourceUpload.directory.dropFirst()),
          access: upload.access,
          temporaryDirectory: sources.temporaryDirectory
        )
      } catch let error as SourceError {
        return Self.ending(error)
      }
      if let failure = try await send(folder, upload.makeFolder(container)) { return failure }
    }
    return try await send(archive, upload.put(container))
  }

  private func needsFolder(_ container: String) async throws -> Bool {
    guard !upload.isVolume else { return upload.isOwnVolume }
    return try await client.call(upload.look(container)).status == 404
  }

  private func send(_ archive: TarArchive, _ call: EngineCall) async throws -> Ending? {
    let reply = try await client.upload(archive.file, call)
    guard !reply.isSuccess else { return nil }
    return Ending(
      succeeded: false,
      exitCode: nil,
      reason: "SourceError",
      message: "The source can't be put into the container under \(SourceUpload.directory): \(reply.message)"
    )
  }

  private static func ending(_ error: SourceError) -> Ending {
    let words = [error.message, error.cause, error.hint].compactMap(\.self).joined(separator: "; ")
    return Ending(succeeded: false, exitCode: nil, reason: "SourceError", message: words)
  }
}

extension EngineClient {
  /// Sends a tar file, streamed from disk.
  func upload(_ file: HTTPFile, _ call: EngineCall) async throws -> EngineReply {
    var request = HTTPRequest(
      call.method,
      HTTPRequest.unixURL(socket: engine.socket, path: call.path),
      headers: [(name: "Content-Type", value: "application/x-tar")],
      // Beyond the usual minute a second for each MiB.
      timeout: .seconds(60 + file.length >> 20),
      longLived: true
    )
    request.file = file
    let response = try await transport.send(request)
    return EngineReply(status: response.status, body: try await response.body())
  }
}
