#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which files a folder's source is made of. Names in `leftOut` are passed over wherever they stand. A link is taken
/// for what it points to, which has to be inside the folder; a link to a folder above itself is refused, as is what is
/// neither file, folder nor link.
struct FolderWalk {
  struct File {
    /// Relative to the folder, with `/`.
    let name: String
    let path: String
  }

  /// History and caches, which are large, of no use to a run, and differ where the source doesn't.
  static let leftOut: Set<String> = [".git", "__pycache__"]

  private struct Identity: Hashable {
    let device: dev_t
    let inode: ino_t
  }

  private let root: String
  private let limits: SourceLimits
  private let cancellation: BlockingThread.Cancellation
  private(set) var files: [File] = []

  /// `root`: a real path. Throws a `SourceError` that names the path, or `CancellationError`.
  init(_ root: String, limits: SourceLimits, _ cancellation: BlockingThread.Cancellation) throws {
    self.root = root
    self.limits = limits
    self.cancellation = cancellation
    try enter(root, name: "", above: [])
    // By bytes, so that the order doesn't depend on a locale.
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private var visited = 0

  private mutating func enter(_ path: String, name: String, above: [Identity]) throws {
    var information = stat()
    guard stat(path, &information) == 0 else { throw RegularFile.failure(path, errno) }
    let identity = Identity(device: information.st_dev, inode: information.st_ino)
    guard !above.contains(identity) else {
      throw SourceError("\(path) is a link to a folder that it is in", hint: "remove the link")
    }
    guard above.count < limits.depth else {
      throw SourceError("\(path) is more than \(limits.depth) folders deep", hint: "choose a folder further down")
    }
    for entry in try Self.names(path) where !Self.leftOut.contains(entry) {
      try cancellation.check()
      try add(path + "/" + entry, name: name.isEmpty ? entry : name + "/" + entry, above: above + [identity])
    }
  }

  private mutating func add(_ path: String, name: String, above: [Identity]) throws {
    // Links to folders can lead to the same ones over and over: what counts is how often something is looked at.
    visited += 1
    guard visited <= 4 * limits.entries else {
      throw SourceError("\(root) holds too many folders and links", hint: "remove its links to folders")
    }
    var information = stat()
    guard lstat(path, &information) == 0 else { throw RegularFile.failure(path, errno) }
    if information.st_mode & S_IFMT == S_IFLNK {
      guard let real = RegularFile.realPath(path) else {
        throw SourceError("\(path) is a link that leads nowhere", hint: "mend it, or remove it")
      }
      guard RegularFile.isInside(real, root) else { throw RegularFile.outside(path) }
      guard stat(path, &information) == 0 else { throw RegularFile.failure(path, errno) }
    }
    guard information.st_mode & S_IFMT != S_IFDIR else { return try enter(path, name: name, above: above) }
    guard files.count < limits.entries else {
      throw SourceError(
        "\(root) holds more than \(limits.entries) files",
        hint: "name a folder that holds the source alone: no virtual environments, no node_modules, no data"
      )
    }
    files.append(File(name: name, path: path))
  }

  private static func names(_ path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw RegularFile.failure(path, errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        guard errno == 0 else { throw RegularFile.failure(path, errno) }
        return names
      }
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw SourceError(
          "\(path) holds a file whose name is not UTF-8: \(String(decoding: bytes, as: UTF8.self))",
          hint: "rename it"
        )
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }
}
