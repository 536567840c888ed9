import Crypto
internal import HTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is filled chunk by chunk, with its size bounded and its SHA-256 known.
final class DownloadedFile {
  private let descriptor: CInt
  private let path: String
  private let title: String
  private let limit: Int
  private var size = 0
  private var hash = SHA256()

  /// `title`: what is downloaded, for errors. Throws a `SourceError`.
  init(_ path: String, title: String, limit: Int) throws(SourceError) {
    self.path = path
    self.title = title
    self.limit = limit
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.unwritable(path) }
  }

  deinit { close(descriptor) }

  func append(_ chunk: [UInt8]) throws(SourceError) {
    size += chunk.count
    guard size <= limit else { throw RegularFile.tooLarge(title, limit: limit) }
    hash.update(data: chunk)
    guard chunk.withUnsafeBytes({ writeAll(descriptor, $0) }) else { throw Self.unwritable(path) }
  }

  /// Throws where a checksum was asked for, and it is another.
  func finish(sha256 wanted: String?) throws(SourceError) {
    guard let wanted else { return }
    let found = LocalSource.hexadecimal(hash.finalize())
    guard found == wanted else {
      throw SourceError(
        "\(title) does not have the checksum that `code_src` names after #sha256=",
        hint: "see whether the file was changed on purpose; if so, write its new checksum",
        cause: "its SHA-256 is \(found)"
      )
    }
  }

  private static func unwritable(_ path: String) -> SourceError {
    SourceError(
      "the source can't be written to \(path)",
      hint: "see whether the disk has room; XDG_STATE_HOME names another place",
      cause: String(cString: strerror(errno))
    )
  }
}
