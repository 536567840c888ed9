import CArchive

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Unpacks a zip file into an empty folder. Nothing is ever written outside of it: names that lead out, links that
/// lead out, names that come twice and whatever is neither file, folder nor link are refused by name. Links are made
/// last, so that nothing can be written through one. Everything here blocks.
struct ZipReader {
  private let folder: String
  private let limits: SourceLimits
  private let cancellation: BlockingThread.Cancellation
  /// For errors: what is unpacked, as the user named it.
  private let title: String
  private let archiveSize: Int
  private var total = 0
  private var links: [(name: String, target: String)] = []

  /// `archive`: the path of the zip file. Throws a `SourceError` that names the entry, or `CancellationError`; what was
  /// unpacked until then stays in the folder.
  static func unpack(
    _ archive: String,
    into folder: String,
    title: String,
    limits: SourceLimits,
    _ cancellation: BlockingThread.Cancellation
  ) throws {
    let file = try RegularFile(archive)
    var reader = ZipReader(
      folder: folder,
      limits: limits,
      cancellation: cancellation,
      title: title,
      archiveSize: file.size
    )
    try reader.read(file.descriptor)
  }

  private init(
    folder: String,
    limits: SourceLimits,
    cancellation: BlockingThread.Cancellation,
    title: String,
    archiveSize: Int
  ) {
    self.folder = folder
    self.limits = limits
    self.cancellation = cancellation
    self.title = title
    self.archiveSize = archiveSize
  }

  private mutating func read(_ descriptor: CInt) throws {
    guard let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil), let archive = archive_read_new() else {
      throw SourceError("\(title) can't be unpacked", cause: String(cString: strerror(errno)))
    }
    // Names are taken to UTF-8 on this thread only.
    let previous = uselocale(locale)
    defer {
      archive_read_free(archive)
      uselocale(previous)
      freelocale(locale)
    }
    // By the directory at the archive's end, which alone knows of links; the format by name, as when writing.
    guard archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK,
      archive_read_open_fd(archive, descriptor, 128 << 10) == ARCHIVE_OK
    else { throw unreadable(archive) }
    var count = 0
    var entry: OpaquePointer?
    while true {
      try cancellation.check()
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { break }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else { throw unreadable(archive) }
      count += 1
      guard count <= limits.entries else {
        throw SourceError(
          "\(title) holds more than \(limits.entries) entries",
          hint: "pack the source alone: no virtual environments, no node_modules, no data"
        )
      }
      try take(entry, of: archive)
    }
    for link in links { try make(link) }
  }

  private mutating func take(_ entry: OpaquePointer, of archive: OpaquePointer) throws {
    guard let bytes = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry),
      let raw = String(validatingCString: bytes)
    else { throw refusal("an entry", "has a name that is not UTF-8") }
    guard archive_entry_is_encrypted(entry) == 0 else { throw refusal(raw, "is encrypted") }
    let name = try checked(raw)
    guard archive_entry_hardlink(entry) == nil else { throw refusal(raw, "is a hard link") }
    switch archive_entry_filetype(entry) {
    case S_IFDIR: if !name.isEmpty { try makeFolder(name[...], entry: raw) }
    case S_IFREG: try makeFile(name, archive_entry_perm(entry) & 0o111 != 0, archive)
    case S_IFLNK:
      guard let target = archive_entry_symlink_utf8(entry) ?? archive_entry_symlink(entry),
        let target = String(validatingCString: target)
      else { throw refusal(raw, "is a link to a name that is not UTF-8") }
      guard Self.staysInside(target, from: name) else {
        throw refusal(raw, "is a link to something outside of the archive")
      }
      links.append((name, target))
    default: throw refusal(raw, "is neither a file nor a folder nor a link")
    }
  }

  /// Without the `/` at a folder's end; empty for the archive's own top.
  private func checked(_ name: String) throws -> String {
    guard !name.hasPrefix("/") else { throw refusal(name, "has an absolute name") }
    guard !name.contains("\\") else { throw refusal(name, "has a \\ in its name") }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    if parts == ["."] { return "" }
    if parts.first == "." { parts.removeFirst() }
    guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw refusal(name, "has a name that leads elsewhere")
    }
    guard parts.count <= limits.depth else { throw refusal(name, "is more than \(limits.depth) folders deep") }
    return parts.joined(separator: "/")
  }

  /// By the names alone; `FolderWalk` looks at what it really leads to.
  static func staysInside(_ target: String, from name: String) -> Bool {
    guard !target.isEmpty, !target.hasPrefix("/") else { return false }
    var depth = name.split(separator: "/").count - 1
    for part in target.split(separator: "/") {
      if part == ".." { depth -= 1 } else if part != "." { depth += 1 }
      guard depth >= 0 else { return false }
    }
    return true
  }

  private func makeFolder(_ name: Substring, entry: String) throws {
    var ends = name.indices.filter { name[$0] == "/" }
    ends.append(name.endIndex)
    for end in ends {
      let path = folder + "/" + name[..<end]
      guard mkdir(path, 0o700) != 0 else { continue }
      let code = errno
      var information = stat()
      let isThere = code == EEXIST && lstat(path, &information) == 0
      guard isThere, information.st_mode & S_IFMT == S_IFDIR else {
        throw isThere ? refusal(entry, "is both a file and a folder") : unwritable(path, code)
      }
    }
  }

  private mutating func makeFile(_ name: String, _ isExecutable: Bool, _ archive: OpaquePointer) throws {
    if let slash = name.lastIndex(of: "/") { try makeFolder(name[..<slash], entry: name) }
    let path = folder + "/" + name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isExecutable ? 0o700 : 0o600)
    guard descriptor >= 0 else {
      throw errno == EEXIST ? refusal(name, "is there twice") : unwritable(path, errno)
    }
    defer { close(descriptor) }
    var size = 0
    try withUnsafeTemporaryAllocation(byteCount: 128 << 10, alignment: 16) { buffer in
      while true {
        try cancellation.check()
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw unreadable(archive) }
        guard count > 0 else { return }
        size += count
        total += count
        try checkSizes(name, size)
        guard writeAll(descriptor, UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
          throw unwritable(path, errno)
        }
      }
    }
  }

  /// Of what was really unpacked: sizes that an archive states may be lies.
  private func checkSizes(_ name: String, _ size: Int) throws {
    guard size <= limits.fileBytes else { throw refusal(name, "is larger than \(SourceLimits.text(limits.fileBytes))") }
    guard total <= limits.totalBytes else {
      throw SourceError(
        "\(title) unpacks to more than \(SourceLimits.text(limits.totalBytes)) (at \(name))",
        hint: "keep data out of the source: put it into the image, into S3, or on a volume"
      )
    }
    guard total <= limits.compressionFloor || total / limits.compression <= archiveSize else {
      throw SourceError(
        "\(title) unpacks to more than \(limits.compression) times its size (at \(name))",
        hint: "no source does that; keep generated data out of it"
      )
    }
  }

  private func make(_ link: (name: String, target: String)) throws {
    if let slash = link.name.lastIndex(of: "/") { try makeFolder(link.name[..<slash], entry: link.name) }
    guard symlink(link.target, folder + "/" + link.name) == 0 else {
      throw errno == EEXIST ? refusal(link.name, "is there twice") : unwritable(folder + "/" + link.name, errno)
    }
  }

  private func refusal(_ entry: String, _ reason: String) -> SourceError {
    let shown = String(entry.prefix(300).map { $0.isASCII && ($0.asciiValue ?? 0) < 32 ? "?" : $0 })
    return SourceError("\(title) is refused: \(shown) \(reason)", hint: "pack the archive anew without it")
  }

  private func unreadable(_ archive: OpaquePointer) -> SourceError {
    let words = archive_error_string(archive).map { String(cString: $0) }
    return SourceError("\(title) is no zip file that can be read", hint: "pack it anew", cause: words)
  }

  private func unwritable(_ path: String, _ code: CInt) -> SourceError {
    SourceError(
      "\(title) can't be unpacked into \(path)",
      hint: "see whether the disk has room; XDG_STATE_HOME names another place",
      cause: String(cString: strerror(code))
    )
  }
}

/// False, with errno, where not all of it could be written.
func writeAll(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Bool {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress, rest.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return false }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
  return true
}
