package import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Catalog {
  /// How long after the last look somebody looks again for what is left of runs that nobody knows, in seconds.
  private static let sweepInterval = 3600
  /// What a killed sidecar asked of an engine may still be under way at the first look.
  private static let secondSweep = 60

  /// Tells what this catalog has made in an engine from what others have. A copy of the file is another catalog: it
  /// must not take the runs that the first one makes for left over.
  package func identity() throws -> String {
    let id = try read { try $0.query("SELECT id FROM housekeeping") { $0.text(0) }.first ?? "" }
    var information = stat()
    guard stat(path, &information) == 0 else { throw CatalogError.system("stat", path) }
    return id + "-" + String(UInt64(information.st_ino), radix: 36)
  }

  /// Finished runs whose time is over, of all projects, first the one that waits longest.
  package func expiredRuns(at now: Timestamp = .now(), limit: Int = 100) throws -> [RunRecord] {
    try read { database in
      try database.query(
        """
        SELECT \(RunRecord.columns) FROM runs WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?
        """,
        [.integer(Int(now.nanoseconds)), .integer(limit)]
      ) { try RunRecord($0, path: path) }
    }
  }

  /// When the next finished run's time is over; nil where none has an end.
  package func nextExpiry() throws -> Timestamp? {
    try read { database in
      try database.query("SELECT expires FROM runs WHERE expires IS NOT NULL ORDER BY expires LIMIT 1") {
        Timestamp(nanoseconds: Int64($0.integer(0)))
      }.first
    }
  }

  /// True for one of several sidecars: it is to remove what is left of runs that nobody knows any more.
  package func claimSweep(at now: Timestamp = .now()) throws -> Bool {
    let time = SQLValue.integer(Int(now.nanoseconds))
    // Asked first without a lock: it seldom is due.
    let isDue = try read { try $0.query("SELECT 1 FROM housekeeping WHERE sweep_due <= ?", [time]) { _ in true } }
    guard !isDue.isEmpty else { return false }
    return try read {
      try $0.execute(
        """
        UPDATE housekeeping SET sweep_due = ? + 1000000000 * (CASE sweep_due WHEN 0 THEN ? ELSE ? END) \
        WHERE sweep_due <= ?
        """,
        [time, .integer(Self.secondSweep), .integer(Self.sweepInterval), time]
      ) > 0
    }
  }

  /// The next `claimSweep` is granted.
  package func requestSweep() throws { _ = try read { try $0.execute("UPDATE housekeeping SET sweep_due = 0", []) } }

  /// Those of these runs that are recorded, in whatever project.
  package func known(runs ids: Set<String>) throws -> Set<String> {
    try read { database in
      try ids.filter { try database.integer("SELECT count(*) FROM runs WHERE id = ?", [.text($0)]) > 0 }
    }
  }
}
