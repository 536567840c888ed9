/// Puts sources into a store, each once.
package struct SourceUploader: Sendable {
  private let client: S3Client
  private let temporaryDirectory: String

  /// `temporaryDirectory` holds an archive while it is sent (TMPDIR, else /tmp).
  package init(_ client: S3Client, temporaryDirectory: String) {
    self.client = client
    self.temporaryDirectory = temporaryDirectory
  }

  /// True where it was uploaded, false where it was there already: its name is made of its contents, so nothing is even
  /// packed then. Throws a `SourceError`, or `CancellationError`.
  package func upload(_ source: LocalSource, to location: S3Location) async throws -> Bool {
    guard try await client.size(location) == nil else { return false }
    let archive = try await ZipArchive.make(source, temporaryDirectory: temporaryDirectory)
    try await client.put(archive.file, sha256: archive.sha256, location)
    return true
  }
}
