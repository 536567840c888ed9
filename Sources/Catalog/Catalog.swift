internal import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The SQLite store of projects, functions, tasks, runs and secrets: one file that several sidecars share. A call that
/// returned has reached the disk (WAL, synchronous=FULL). Opened by the first call that needs it.
///
/// Errors of all calls: `catalog_error`, `catalog_full`, `catalog_too_new`, and `timeout` where another process keeps
/// the file locked. After a `catalog_error` the next call opens the file anew.
package actor Catalog {
  package nonisolated let path: String
  private let migrations: Migrations
  private let busySeconds: Int
  private let thread = CatalogThread()
  private var connection: Database?
  private var owner: Owner?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// Touches nothing yet. Files beside `path`: `-wal` and `-shm` (SQLite's), `-owners/` (who drives runs).
  /// `busySeconds`: how long a call waits while another process writes.
  package init(path: String, migrations: Migrations = .standard, busySeconds: Int = 10) {
    self.path = path
    self.busySeconds = busySeconds
    self.migrations = migrations
  }

  /// Opens the file, for `doctor`; gives its version.
  package func check() throws -> Int { try read { try $0.integer("PRAGMA user_version") } }

  /// Closes the file and gives up all leases. A later call opens it again.
  package func close() {
    connection = nil
    owner = nil
  }

  /// Changes with every change of the catalog, by this or another process: what a waiter compares.
  package func changeToken() throws -> ChangeToken {
    try read { ChangeToken(others: try $0.integer("PRAGMA data_version"), own: $0.totalChanges) }
  }

  /// This catalog's id as an owner of leases.
  func ownerID() throws -> String {
    if let owner { return owner.id }
    let owner = try Owner(directory: ownersDirectory)
    self.owner = owner
    // Somebody was killed, perhaps in the middle of something.
    if owner.followsDead { try requestSweep() }
    return owner.id
  }

  /// Nil before the first lease.
  var currentOwnerID: String? { owner?.id }

  nonisolated var ownersDirectory: String { path + "-owners" }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    let database = try open()
    do {
      return try body(database)
    } catch let error as SidecarError where error.code == .catalogError {
      connection = nil
      throw error
    }
  }

  /// In one transaction: all of it is on the disk afterwards, or nothing.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try read { database in try database.transaction { try body(database) } }
  }

  private func open() throws -> Database {
    if let connection {
      if !connection.hasMoved { return connection }
      self.connection = nil
    }
    try CatalogFile.prepare(path)
    let deadline = ContinuousClock.now + .seconds(busySeconds)
    while true {
      do {
        let database = try connect()
        connection = database
        return database
      } catch let error as SidecarError where error.code == .timeout && ContinuousClock.now < deadline {
        // While several make the file or switch it to WAL at once, SQLite answers "busy" without waiting
        // (sqlite.org/wal.html, section 9). Only the catalog's own thread sleeps.
        usleep(5000)
      }
    }
  }

  private func connect() throws -> Database {
    let database = try Database(path: path, busySeconds: busySeconds)
    try database.script("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL")
    // What is deleted is overwritten: secrets are in here.
    try database.script("PRAGMA secure_delete = ON")
    try migrations.apply(to: database)
    // Last, since it writes to the file. Where the file system can't do WAL it stays with a rollback journal, which
    // is as safe.
    try database.script("PRAGMA journal_mode = WAL")
    return database
  }
}

/// See `Catalog.changeToken`.
package struct ChangeToken: Sendable, Hashable {
  package let others: Int
  package let own: Int
}
