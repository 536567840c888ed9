import Crypto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A source on this machine as it was when it was read: what there is, how much, and its fingerprint.
package struct LocalSource: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case file
    case folder
    /// A file named `*.zip`, which travels as it is.
    case archive
  }

  package struct Entry: Sendable, Hashable {
    /// Inside the archive, with `/`.
    package let name: String
    package let path: String
    package let size: Int
    package let isExecutable: Bool
    /// SHA-256.
    package let digest: [UInt8]
  }

  package let kind: Kind
  /// Absolute; of a folder without links.
  package let path: String
  /// The last part of the path.
  package let name: String
  /// Sorted by the bytes of their names; of a file or an archive the only one.
  package let entries: [Entry]
  /// Bytes of all entries.
  package let size: Int
  /// Hexadecimal SHA-256 over names, executable bits and contents, so that the same source has the same one wherever
  /// and whenever it is read; of an archive over its bytes.
  package let fingerprint: String
  /// Of a single file of at most `SourceLimits.inlineBytes`.
  package let contents: [UInt8]?

  /// Reads all of it once, on a thread of its own. `path` is absolute (`LocalPath`). Throws a `SourceError` that names
  /// the path, or `CancellationError`.
  package static func read(_ path: String, limits: SourceLimits = SourceLimits()) async throws -> LocalSource {
    try await BlockingThread.run { cancellation in
      try LocalSource(path, limits: limits, cancellation)
    }
  }

  init(_ path: String, limits: SourceLimits, _ cancellation: BlockingThread.Cancellation) throws {
    var information = stat()
    guard stat(path, &information) == 0 else { throw RegularFile.failure(path, errno) }
    if information.st_mode & S_IFMT == S_IFDIR {
      guard let root = RegularFile.realPath(path) else { throw RegularFile.failure(path, errno) }
      try self.init(folder: root, limits: limits, cancellation)
    } else {
      try self.init(file: path, limits: limits, cancellation)
    }
  }

  private init(file path: String, limits: SourceLimits, _ cancellation: BlockingThread.Cancellation) throws {
    let file = try RegularFile(path)
    guard file.size <= limits.fileBytes else { throw RegularFile.tooLarge(path, limit: limits.fileBytes) }
    self.path = path
    name = String(path.split(separator: "/").last ?? "")
    kind = name.lowercased().hasSuffix(".zip") ? .archive : .file
    var contents: [UInt8] = []
    var start: [UInt8] = []
    var size = 0
    let digest = try file.digest(limit: limits.fileBytes, cancellation) { chunk in
      if start.isEmpty { start = Array(chunk.prefix(4)) }
      size += chunk.count
      if size <= limits.inlineBytes { contents += chunk }
    }
    self.size = size
    entries = [Entry(name: name, path: path, size: size, isExecutable: file.isExecutable, digest: digest)]
    // PKWARE's APPNOTE, 4.3.7 and 4.3.16: a local file's header, or the end record of an archive without files.
    guard kind == .file || start == [0x50, 0x4B, 3, 4] else {
      throw SourceError(
        start == [0x50, 0x4B, 5, 6]
          ? "\(path) is an archive without files" : "\(path) is named .zip but is no zip file",
        hint: "pack it anew, or name the folder itself: dh-sidecar packs it"
      )
    }
    fingerprint = kind == .archive ? Self.hexadecimal(digest) : Self.fingerprint(entries)
    self.contents = kind == .file && size <= limits.inlineBytes ? contents : nil
  }

  private init(folder root: String, limits: SourceLimits, _ cancellation: BlockingThread.Cancellation) throws {
    kind = .folder
    path = root
    name = String(root.split(separator: "/").last ?? "")
    contents = nil
    var entries: [Entry] = []
    var total = 0
    for found in try FolderWalk(root, limits: limits, cancellation).files {
      let file = try RegularFile(found.path, root: root)
      guard file.size <= limits.fileBytes else { throw RegularFile.tooLarge(found.path, limit: limits.fileBytes) }
      try Self.require(total + file.size, atMost: limits.totalBytes, in: root)
      var size = 0
      let digest = try file.digest(limit: limits.fileBytes, cancellation) { size += $0.count }
      total += size
      try Self.require(total, atMost: limits.totalBytes, in: root)
      entries.append(
        Entry(name: found.name, path: found.path, size: size, isExecutable: file.isExecutable, digest: digest)
      )
    }
    guard !entries.isEmpty else {
      throw SourceError("\(root) holds no files", hint: "name a folder that holds the source")
    }
    self.entries = entries
    size = total
    fingerprint = Self.fingerprint(entries)
  }

  private static func require(_ total: Int, atMost limit: Int, in root: String) throws(SourceError) {
    guard total > limit else { return }
    throw SourceError(
      "\(root) holds more than \(SourceLimits.text(limit))",
      hint: "keep data out of the source: put it into the image, into S3, or on a volume"
    )
  }

  /// Each field is of fixed length or ends in NUL, which no name has, so no two sources write the same bytes.
  private static func fingerprint(_ entries: [Entry]) -> String {
    var hash = SHA256()
    hash.update(data: Array("dh-source-1\0".utf8))
    for entry in entries {
      hash.update(data: Array(entry.name.utf8) + [0, entry.isExecutable ? 1 : 0] + entry.digest)
    }
    return hexadecimal(hash.finalize())
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
