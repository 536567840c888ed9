import CArchive

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes an archive through libarchive. The same entries make the same bytes (of one libarchive and zlib): no times, no
/// owners but those asked for. Everything here blocks, and belongs to the thread that made it.
final class SourceArchiveWriter {
  enum Format { case zip, tar }

  private let archive: OpaquePointer
  private let locale: locale_t
  private let previousLocale: locale_t?
  /// Where the archive is kept, for errors.
  private let place: String

  /// `descriptor`: of an empty file, open for writing; it stays the caller's.
  init(_ format: Format, descriptor: CInt, place: String) throws(SourceError) {
    // libarchive marks names as UTF-8 where the locale says so; the process's own locale stays as it is.
    guard let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil), let archive = archive_write_new() else {
      throw SourceError("an archive can't be begun", cause: String(cString: strerror(errno)))
    }
    self.archive = archive
    self.locale = locale
    self.place = place
    previousLocale = uselocale(locale)
    // The formats by name: whatever registers all of them would bring all of their libraries into the static link.
    let isSet =
      switch format {
      case .zip:
        archive_write_set_format_zip(archive) == ARCHIVE_OK
          && archive_write_set_options(archive, "zip:compression=deflate,zip:hdrcharset=UTF-8") == ARCHIVE_OK
      case .tar: archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK
      }
    guard isSet, archive_write_open_fd(archive, descriptor) == ARCHIVE_OK else { throw Self.failure(archive, place) }
  }

  deinit {
    archive_write_free(archive)
    uselocale(previousLocale)
    freelocale(locale)
  }

  /// Begins a file of exactly `size` bytes.
  func begin(_ name: String, size: Int, mode: mode_t, owner: FileOwner? = nil) throws(SourceError) {
    try header(name, size: size, mode: S_IFREG | mode, owner)
  }

  func addFolder(_ name: String, mode: mode_t, owner: FileOwner? = nil) throws(SourceError) {
    try header(name + "/", size: 0, mode: S_IFDIR | mode, owner)
  }

  private func header(_ name: String, size: Int, mode: mode_t, _ owner: FileOwner?) throws(SourceError) {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, Int64(size))
    archive_entry_set_mode(entry, mode)
    if let owner {
      archive_entry_set_uid(entry, Int64(owner.user))
      archive_entry_set_gid(entry, Int64(owner.group))
    }
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw Self.failure(archive, place) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SourceError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = archive_write_data(archive, rest.baseAddress, rest.count)
      guard count > 0 else { throw Self.failure(archive, place) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func finish() throws(SourceError) {
    guard archive_write_close(archive) == ARCHIVE_OK else { throw Self.failure(archive, place) }
  }

  private static func failure(_ archive: OpaquePointer, _ place: String) -> SourceError {
    let words = archive_error_string(archive).map { String(cString: $0) }
    return SourceError(
      "the source can't be packed into a file in \(place)",
      hint: [ENOSPC, EDQUOT, EFBIG].contains(archive_errno(archive))
        ? "free space there, or set TMPDIR to a folder with more" : nil,
      cause: words
    )
  }
}

/// Whom a file belongs to.
package struct FileOwner: Sendable, Hashable {
  package var user: Int
  package var group: Int

  package init(user: Int, group: Int) {
    self.user = user
    self.group = group
  }
}
