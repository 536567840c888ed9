internal import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The files on disk, for their owner only: secrets are in them.
enum CatalogFile {
  /// Makes missing directories (0700) and the file (0600), and takes away what others may do with an existing file.
  /// Directories that are there already are the user's business. SQLite gives `-wal` and `-shm` the file's mode.
  static func prepare(_ path: String) throws(SidecarError) {
    // A file that may not grow (RLIMIT_FSIZE) is to be an error of write(2), not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    try makeDirectories(directory(of: path))
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw CatalogError.system("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw CatalogError.system("stat", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SidecarError(
        .catalogError,
        "the catalog \(path) is not a regular file",
        hint: "name a file in DH_SIDECAR_CATALOG or in local.catalog of the settings"
      )
    }
    guard status.st_mode & 0o077 != 0 else { return }
    guard fchmod(descriptor, 0o600) == 0 else { throw CatalogError.system("chmod", path) }
    // Left behind by a process that was killed while the mode was wider. Missing is the usual case.
    for suffix in ["-wal", "-shm"] { chmod(path + suffix, 0o600) }
  }

  static func makeDirectories(_ path: String) throws(SidecarError) {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw CatalogError.system("mkdir", path, code: ENOTDIR) }
      return
    }
    let parent = directory(of: path)
    if parent != path { try makeDirectories(parent) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw CatalogError.system("mkdir", path) }
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
