internal import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which sidecar drives a run: every catalog that is open for driving has an id and holds a lock (flock(2)) on the
/// file of that id in `<catalog>-owners/`. The kernel drops the lock when the process ends, however it ends, so an
/// owner is alive exactly as long as its file can't be locked: no clocks, no pids that are used again.
final class Owner {
  let id: String
  /// Sidecars have ended without giving up their ids: they were killed.
  let followsDead: Bool
  private let path: String
  private let descriptor: Int32

  /// Takes a new id and removes the files of owners that are no more.
  init(directory: String) throws(SidecarError) {
    try CatalogFile.makeDirectories(directory)
    followsDead = Self.removeDead(in: directory)
    while true {
      let id = EntityID.generate()
      // The file gets its name when it is locked: whoever sees an unlocked one may take its owner for dead.
      let unlocked = "\(directory)/\(id)\(Self.newSuffix)"
      let descriptor = open(unlocked, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw CatalogError.system("open", unlocked) }
      let path = "\(directory)/\(id)"
      let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
      if isLocked, rename(unlocked, path) == 0 {
        self.id = id
        self.path = path
        self.descriptor = descriptor
        return
      }
      let code = errno
      close(descriptor)
      unlink(unlocked)
      // Another process has just looked at the file, or removed it as dead before it was locked: once more.
      guard code == EWOULDBLOCK || code == ENOENT else { throw CatalogError.system("lock", unlocked, code: code) }
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  /// Whether some process holds this id. Ids are never used twice, so a dead owner stays dead.
  static func isAlive(_ id: String, directory: String) -> Bool {
    // An id from the file is not a path that we chose.
    guard EntityID.normalise(id) == id else { return false }
    return isLocked("\(directory)/\(id)")
  }

  private static let newSuffix = ".new"

  private static func isLocked(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    // Where it can't be told, the owner is taken for alive: two that drive one run are worse than none for a while.
    guard descriptor >= 0 else { return errno != ENOENT }
    defer { close(descriptor) }
    // Shared, so that two who look at the same time don't take each other for the owner.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  /// Whether there were any.
  private static func removeDead(in directory: String) -> Bool {
    guard let stream = opendir(directory) else { return false }
    defer { closedir(stream) }
    var isAny = false
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let id = name.hasSuffix(newSuffix) ? String(name.dropLast(newSuffix.count)) : name
      guard EntityID.normalise(id) == id, !isLocked("\(directory)/\(name)") else { continue }
      if unlink("\(directory)/\(name)") == 0 { isAny = true }
    }
    return isAny
  }
}
