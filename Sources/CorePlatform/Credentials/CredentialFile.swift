internal import Dispatch
internal import Model
internal import Settings

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The ini file, shared with the SDK, dhcli and other sidecars: read anew each time, and replaced as a whole.
struct CredentialFile: Sendable {
  /// In the words of the operating system.
  struct Failure: Error {
    let message: String
  }

  let path: String

  /// Nil where it is missing or can't be read: then it has no news either.
  func read() -> DHCoreFile? {
    let bytes = try? SettingsFile.content(of: path) { SidecarError(.invalidSettings, $0) }
    return bytes.map { DHCoreFile(parsing: $0) }
  }

  /// Replaces the file by what `change` makes of it (of an empty one where it is missing), with mode 0600, so that at
  /// every moment one or the other is there; a link is followed. Off the threads of Swift's tasks: fsync may take long.
  func replace(_ change: @escaping @Sendable (DHCoreFile) -> [UInt8]) async throws(Failure) {
    let result: Result<Void, Failure> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let result: Result<Void, Failure>
        do throws(Failure) {
          try replaceNow(change)
          result = .success(())
        } catch { result = .failure(error) }
        continuation.resume(returning: result)
      }
    }
    try result.get()
  }

  private func replaceNow(_ change: (DHCoreFile) -> [UInt8]) throws(Failure) {
    let target = Self.target(of: path)
    let old: [UInt8]
    do {
      old = try SettingsFile.content(of: target) { SidecarError(.invalidSettings, $0) } ?? []
    } catch { throw Failure(message: error.message) }
    let new = change(DHCoreFile(parsing: old))
    let temporary = target + ".\(getpid()).\(UInt32.random(in: 0 ... .max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure() }
    defer { close(descriptor) }
    do throws(Failure) {
      try Self.keepOwner(of: target, descriptor)
      try Self.write(new, descriptor)
      guard fsync(descriptor) == 0, rename(temporary, target) == 0 else { throw Self.failure() }
    } catch {
      unlink(temporary)
      throw error
    }
    Self.syncDirectory(of: target)
  }

  /// Where root acts for somebody, the file stays theirs.
  private static func keepOwner(of target: String, _ descriptor: Int32) throws(Failure) {
    var status = stat()
    guard stat(target, &status) == 0, status.st_uid != geteuid() else { return }
    guard fchown(descriptor, status.st_uid, status.st_gid) == 0 else { throw failure() }
  }

  private static func write(_ bytes: [UInt8], _ descriptor: Int32) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { done += count } else if errno != EINTR { throw failure() }
    }
  }

  private static func syncDirectory(of path: String) {
    let descriptor = open(CredentialLock.directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  /// Where links lead; the file there need not exist.
  static func target(of path: String) -> String {
    var path = path
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(path, &buffer, buffer.count)
      guard count > 0 else { break }
      let link = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
      path = link.hasPrefix("/") ? link : CredentialLock.directory(of: path) + "/" + link
    }
    return path
  }

  private static func failure() -> Failure { Failure(message: String(cString: strerror(errno))) }
}
