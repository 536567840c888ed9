import Crypto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open regular file; closed with its owner. Everything here blocks. Errors are `SourceError`s that name the path.
struct RegularFile: ~Copyable {
  let path: String
  let descriptor: CInt
  let size: Int
  let isExecutable: Bool

  /// `root`: the real path of the folder that the file has to be in, whatever links lead to it. A device, FIFO or
  /// socket is refused before it is opened (opening alone may do something, or wait), and once more afterwards.
  init(_ path: String, root: String? = nil) throws(SourceError) {
    var information = stat()
    guard stat(path, &information) == 0 else { throw Self.failure(path, errno) }
    try Self.requireRegular(path, information)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.failure(path, errno) }
    do throws(SourceError) {
      guard fstat(descriptor, &information) == 0 else { throw Self.failure(path, errno) }
      try Self.requireRegular(path, information)
      // Asked of what was opened: a link put there after the walk leads nowhere else.
      if let root, let real = Self.realPath(ofDescriptor: descriptor), !Self.isInside(real, root) {
        throw Self.outside(path)
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(information.st_size)
    isExecutable = information.st_mode & 0o111 != 0
  }

  deinit { close(descriptor) }

  /// Hands over the contents chunk by chunk and gives their SHA-256. More than `limit` bytes are an error.
  func digest(
    limit: Int,
    _ cancellation: BlockingThread.Cancellation,
    _ take: (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws -> [UInt8] {
    var hash = SHA256()
    var total = 0
    var offset = off_t(0)
    try withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { buffer in
      while true {
        try cancellation.check()
        let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw Self.failure(path, errno) }
        guard count > 0 else { return }
        total += count
        guard total <= limit else { throw Self.tooLarge(path, limit: limit) }
        offset += off_t(count)
        let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        hash.update(bufferPointer: chunk)
        try take(chunk)
      }
    }
    return Array(hash.finalize())
  }

  private static func requireRegular(_ path: String, _ information: stat) throws(SourceError) {
    let kind: String
    switch information.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: kind = "a folder"
    case S_IFIFO: kind = "a FIFO"
    case S_IFSOCK: kind = "a socket"
    default: kind = "a device"
    }
    throw SourceError("\(path) is \(kind), not a file", hint: "a source is made of files and folders: remove it")
  }

  static func tooLarge(_ path: String, limit: Int) -> SourceError {
    SourceError(
      "\(path) is larger than \(SourceLimits.text(limit))",
      hint: "keep data out of the source: put it into the image, into S3, or on a volume"
    )
  }

  static func outside(_ path: String) -> SourceError {
    SourceError(
      "\(path) is a link to something outside of the source's folder",
      hint: "put a copy in its place, or remove the link"
    )
  }

  static func failure(_ path: String, _ code: CInt) -> SourceError {
    switch code {
    case ENOENT, ENOTDIR:
      SourceError("\(path) does not exist", hint: LocalPath.hintForMissing(path))
    case EACCES, EPERM:
      SourceError("\(path) can't be read", hint: "give this user the permission to read it", cause: words(code))
    default:
      SourceError("\(path) can't be read", hint: "see whether its file system works", cause: words(code))
    }
  }

  static func isInside(_ path: String, _ root: String) -> Bool {
    root == "/" || path == root || path.utf8.starts(with: (root + "/").utf8)
  }

  /// Without links; nil where it leads nowhere.
  static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private static func realPath(ofDescriptor descriptor: CInt) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink("/proc/self/fd/\(descriptor)", start, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  private static func words(_ code: CInt) -> String { String(cString: strerror(code)) }
}
