import FoundationEssentials
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where sources are fetched to: a folder for each process, under one that all of them share. Each process holds a lock
/// for its own; the next one to begin removes what the folders of dead processes have left.
package final class SourceWorkspace: Sendable {
  private struct State {
    var path: String?
    var lock: CInt = -1
    var next = 0
  }

  private let directory: String
  private let state = Mutex(State())

  /// Touches nothing before the first folder is asked for.
  package init(directory: String) { self.directory = directory }

  /// A new, empty folder, for this user only. Blocks. Throws a `SourceError`.
  func makeFolder() throws(SourceError) -> String {
    try state.withLock { state throws(SourceError) in
      let own: String
      if let path = state.path { own = path } else { own = try begin(&state) }
      state.next += 1
      let folder = "\(own)/\(state.next)"
      guard mkdir(folder, 0o700) == 0 else { throw Self.failure(folder) }
      return folder
    }
  }

  /// Removes a folder with all that is in it. Blocks. What can't be removed is left to the next start.
  func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

  /// Removes all of this process's folders.
  package func close() {
    state.withLock { state in
      guard let path = state.path else { return }
      remove(path)
      unlink(path + Self.suffix)
      Self.close(state.lock)
      state = State()
    }
  }

  /// Removes the folders of processes that are gone.
  package func removeAbandoned() async { _ = try? await BlockingThread.run { _ in self.sweep() } }

  private static let suffix = ".lock"

  private func begin(_ state: inout State) throws(SourceError) -> String {
    for end in directory.indices.dropFirst() where directory[end] == "/" { mkdir(String(directory[..<end]), 0o700) }
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw Self.failure(directory) }
    sweep()
    while true {
      let path = directory + "/" + String(UInt64.random(in: .min ... .max), radix: 36)
      let lock = open(path + Self.suffix, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard lock >= 0 else {
        guard errno == EEXIST else { throw Self.failure(directory) }
        continue
      }
      var information = stat()
      // Somebody who sweeps may have taken the lock in between, and removed its file.
      guard flock(lock, LOCK_EX | LOCK_NB) == 0, fstat(lock, &information) == 0, information.st_nlink > 0 else {
        Self.close(lock)
        continue
      }
      guard mkdir(path, 0o700) == 0 else {
        let failure = Self.failure(path)
        unlink(path + Self.suffix)
        Self.close(lock)
        throw failure
      }
      state.path = path
      state.lock = lock
      return path
    }
  }

  private func sweep() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasSuffix(Self.suffix) {
      let path = directory + "/" + name
      let lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
      guard lock >= 0 else { continue }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 {
        remove(String(path.dropLast(Self.suffix.count)))
        unlink(path)
      }
      Self.close(lock)
    }
  }

  private static func close(_ descriptor: CInt) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Musl.close(descriptor)
    #endif
  }

  private static func failure(_ path: String) -> SourceError {
    SourceError(
      "no folder can be made for the source: \(path)",
      hint: "see that this user may write there and that the disk has room; XDG_STATE_HOME names another place",
      cause: String(cString: strerror(errno))
    )
  }
}
