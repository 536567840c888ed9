#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files without a name, which are gone with their last holder, however the process ends.
enum TemporaryFile {
  /// Open for reading and writing; the caller's to close.
  static func open(in directory: String) throws(SourceError) -> CInt {
    // Without a name from the beginning, where the file system can.
    var descriptor = Self.createNameless(in: directory)
    if descriptor >= 0 { return descriptor }
    repeat {
      let path = directory + "/dh-sidecar-" + String(UInt64.random(in: .min ... .max), radix: 36)
      descriptor = Self.create(path)
      if descriptor >= 0 { unlink(path) }
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else {
      throw SourceError(
        "no temporary file can be made in \(directory)",
        hint: "set TMPDIR to a folder that this user may write to",
        cause: String(cString: strerror(errno))
      )
    }
    return descriptor
  }

  private static func createNameless(in directory: String) -> CInt {
    // O_TMPFILE, a macro that Swift doesn't see (asm-generic/fcntl.h).
    let flags = 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC
    #if canImport(Glibc)
      return Glibc.open(directory, flags, 0o600)
    #else
      return Musl.open(directory, flags, 0o600)
    #endif
  }

  private static func create(_ path: String) -> CInt {
    #if canImport(Glibc)
      Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    #else
      Musl.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    #endif
  }

  /// Of an open file, from wherever it is.
  static func size(_ descriptor: CInt) -> Int {
    var information = stat()
    return fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
  }
}
