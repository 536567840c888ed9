import Crypto
package import HTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A zip file ready to be sent.
package struct ZipArchive: Sendable {
  /// Of a packed source a temporary file without a name, which is gone with its last holder, however the process ends.
  package let file: HTTPFile
  /// Hexadecimal, over the file's bytes.
  package let sha256: String

  /// Packs a file or a folder as it was when it was read, and opens an archive as it is; on a thread of its own.
  /// `temporaryDirectory` holds the packed bytes. Throws a `SourceError` (also where the source has changed meanwhile),
  /// or `CancellationError`.
  package static func make(_ source: LocalSource, temporaryDirectory: String) async throws -> ZipArchive {
    try await BlockingThread.run { cancellation in
      switch source.kind {
      case .archive: try opened(source)
      case .file, .folder: try packed(source, temporaryDirectory, cancellation)
      }
    }
  }

  private static func opened(_ source: LocalSource) throws -> ZipArchive {
    let file = try RegularFile(source.path)
    guard file.size == source.size else { throw LocalSource.changed(source.path) }
    let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw RegularFile.failure(source.path, errno) }
    return ZipArchive(file: HTTPFile(adopting: descriptor, length: file.size), sha256: source.fingerprint)
  }

  private static func packed(
    _ source: LocalSource,
    _ temporaryDirectory: String,
    _ cancellation: BlockingThread.Cancellation
  ) throws -> ZipArchive {
    let descriptor = try TemporaryFile.open(in: temporaryDirectory)
    // Closes it also where packing fails.
    let unfinished = HTTPFile(adopting: descriptor, length: 0)
    let writer = try SourceArchiveWriter(.zip, descriptor: descriptor, place: temporaryDirectory)
    for entry in source.entries {
      try writer.begin(entry.name, size: entry.size, mode: entry.isExecutable ? 0o755 : 0o644)
      try source.copy(entry, to: writer, cancellation)
    }
    try writer.finish()
    let (length, sha256) = try measured(descriptor, cancellation)
    let kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard kept >= 0 else { throw RegularFile.failure(temporaryDirectory, errno) }
    withExtendedLifetime(unfinished) {}
    return ZipArchive(file: HTTPFile(adopting: kept, length: length), sha256: sha256)
  }

  private static func measured(
    _ descriptor: CInt,
    _ cancellation: BlockingThread.Cancellation
  ) throws -> (length: Int, sha256: String) {
    var hash = SHA256()
    var length = 0
    try withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { buffer in
      while true {
        try cancellation.check()
        let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(length))
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw RegularFile.failure("the packed source", errno) }
        guard count > 0 else { return }
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        length += count
      }
    }
    return (length, LocalSource.hexadecimal(hash.finalize()))
  }
}
