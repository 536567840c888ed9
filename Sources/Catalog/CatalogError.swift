import CSQLite
internal import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SQLite's and the system's errors in our words. No bound value is ever part of the text (secrets are among them):
/// SQLite's messages name tables and columns only.
enum CatalogError {
  /// For a result code of SQLite (sqlite.org/rescode.html), extended or not.
  /// Call it right after the call that failed: SQLite does not keep the system's error of a failed commit.
  static func make(code: Int32, connection: OpaquePointer?, path: String) -> SidecarError {
    let lastError = errno
    let words = connection.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let isInputOutput = code & 0xff == SQLITE_IOERR || code & 0xff == SQLITE_CANTOPEN
    let keptError = connection.map { sqlite3_system_errno($0) } ?? 0
    let systemError = isInputOutput && keptError == 0 ? lastError : keptError
    if code & 0xff == SQLITE_FULL || isInputOutput && [ENOSPC, EDQUOT, EFBIG].contains(systemError) {
      return SidecarError(
        .catalogFull,
        "there is no room for the catalog \(path); nothing was recorded",
        hint: "free space on its file system, or put the catalog elsewhere (DH_SIDECAR_CATALOG)",
        cause: cause(words, systemError)
      )
    }
    switch code & 0xff {
    case SQLITE_BUSY, SQLITE_LOCKED:
      return SidecarError(
        .timeout,
        "another process keeps the catalog \(path) locked",
        hint: "try again; `fuser \(path)` names who holds it",
        cause: words
      )
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      return SidecarError(
        .catalogError,
        "the catalog \(path) is damaged, or is no catalog",
        hint: "move the file away (a new one is made), or put the catalog elsewhere (DH_SIDECAR_CATALOG)",
        cause: words
      )
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH, SQLITE_CANTOPEN:
      return SidecarError(
        .catalogError,
        "the catalog \(path) can't be opened for writing",
        hint: "give this user write access to the file and its directory, or set DH_SIDECAR_CATALOG",
        cause: cause(words, systemError)
      )
    default:
      return SidecarError(
        .catalogError,
        "the catalog \(path) can't be read or written",
        hint: "see whether its file system works and the file is whole: sqlite3 \(path) 'PRAGMA integrity_check'",
        cause: cause(words, systemError)
      )
    }
  }

  /// For a failed system call on the file, its directory or its owners' directory.
  static func system(_ call: String, _ path: String, code: Int32 = errno) -> SidecarError {
    let words = "\(call) \(path): \(String(cString: strerror(code)))"
    if [ENOSPC, EDQUOT, EFBIG].contains(code) {
      return SidecarError(
        .catalogFull,
        "there is no room for the catalog's file \(path)",
        hint: "free space on its file system, or put the catalog elsewhere (DH_SIDECAR_CATALOG)",
        cause: words
      )
    }
    return SidecarError(
      .catalogError,
      "the catalog's file \(path) can't be made or opened",
      hint: "give this user write access to it and its directory, or set DH_SIDECAR_CATALOG",
      cause: words
    )
  }

  static func unreadable(_ what: String, path: String) -> SidecarError {
    SidecarError(
      .catalogError,
      "the catalog \(path) has \(what) that can't be read",
      hint: "see whether the file is whole: sqlite3 \(path) 'PRAGMA integrity_check'"
    )
  }

  private static func cause(_ words: String, _ systemError: Int32) -> String {
    systemError == 0 ? words : "\(words): \(String(cString: strerror(systemError)))"
  }
}
