#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Held by the one sidecar that renews the tokens of an ini file. The lock is on the folder: the file itself is replaced,
/// and a lock file would be litter in somebody's home.
struct CredentialLock: ~Copyable, Sendable {
  /// -1 where there is no lock to be had.
  private let descriptor: Int32

  /// Waits for its turn. Where locks don't work, or another holds it for longer, goes on without: what a lock saves is a
  /// request that the server refuses, and after that the file is read again anyway.
  init(for path: String, patience: Duration) async {
    descriptor = open(Self.directory(of: CredentialFile.target(of: path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let end = ContinuousClock.now + patience
    while descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // Polling is fair enough for what happens once in an hour, and holds no thread.
      guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < end, !Task.isCancelled else { break }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The next one's turn.
  consuming func release() {}

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
