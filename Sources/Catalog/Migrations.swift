internal import Model

/// The file's layout, step by step: step n brings version n to n + 1 (`PRAGMA user_version`). Steps that were once
/// released never change; a change is a new step.
package struct Migrations: Sendable {
  package var steps: [String]

  package init(steps: [String]) { self.steps = steps }

  /// "dhsc": tells our files from other programs' SQLite files (`PRAGMA application_id`).
  static let applicationID = 0x6468_7363

  /// Brings the file to the newest version, in one transaction, whoever else opens it at the same time. A newer file
  /// and another program's file are refused before anything is written.
  func apply(to database: Database) throws {
    let found = try database.snapshot { try version(of: database) }
    guard found < steps.count else { return }
    try database.transaction {
      // Another process may have done it meanwhile.
      let current = try version(of: database)
      for index in current..<max(current, steps.count) { try database.script(steps[index]) }
      // A pragma takes no bound values.
      try database.script("PRAGMA application_id = \(Self.applicationID); PRAGMA user_version = \(steps.count)")
    }
  }

  private func version(of database: Database) throws -> Int {
    let version = try database.integer("PRAGMA user_version")
    let application = try database.integer("PRAGMA application_id")
    let isEmpty = try database.integer("SELECT count(*) FROM sqlite_master") == 0
    guard application == Self.applicationID || isEmpty && version == 0 else {
      throw SidecarError(
        .catalogError,
        "\(database.path) is another program's SQLite file, no catalog",
        hint: "name another file in DH_SIDECAR_CATALOG or in local.catalog of the settings"
      )
    }
    guard version <= steps.count else {
      throw SidecarError(
        .catalogTooNew,
        "the catalog \(database.path) has version \(version); this dh-sidecar knows versions up to \(steps.count)",
        hint: "use the dh-sidecar that wrote it, or a newer one, or put the catalog elsewhere (DH_SIDECAR_CATALOG)"
      )
    }
    return version
  }

  /// `position` is the order of creation, never used twice. Moments are nanoseconds since 1970. `seq` counts the
  /// changes of a run, for compare-and-set.
  package static let standard = Migrations(steps: [
    """
    CREATE TABLE projects (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL,
      name TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      user TEXT,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      spec TEXT NOT NULL,
      status TEXT NOT NULL
    );
    CREATE TABLE functions (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL REFERENCES projects (name) ON DELETE CASCADE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      user TEXT,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      spec TEXT NOT NULL,
      status TEXT NOT NULL
    );
    CREATE INDEX functions_by_name ON functions (project, name, position);
    CREATE TABLE tasks (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL REFERENCES projects (name) ON DELETE CASCADE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      user TEXT,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      spec TEXT NOT NULL,
      status TEXT NOT NULL,
      function_id TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
      action TEXT NOT NULL,
      UNIQUE (function_id, action)
    );
    CREATE INDEX tasks_by_project ON tasks (project, created, position);
    CREATE TABLE runs (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL REFERENCES projects (name) ON DELETE CASCADE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      user TEXT,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      spec TEXT NOT NULL,
      status TEXT NOT NULL,
      state TEXT NOT NULL,
      seq INTEGER NOT NULL,
      action TEXT NOT NULL,
      function_id TEXT NOT NULL,
      function_name TEXT NOT NULL,
      idempotency_key TEXT,
      fingerprint TEXT,
      lease_owner TEXT,
      UNIQUE (project, idempotency_key)
    );
    CREATE INDEX runs_by_creation ON runs (project, created, position);
    CREATE INDEX runs_by_function ON runs (function_id);
    CREATE INDEX runs_by_state ON runs (state) WHERE state NOT IN ('COMPLETED', 'ERROR', 'STOPPED', 'DELETED');
    CREATE TABLE secrets (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project TEXT NOT NULL REFERENCES projects (name) ON DELETE CASCADE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      user TEXT,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      spec TEXT NOT NULL,
      status TEXT NOT NULL,
      value TEXT NOT NULL,
      UNIQUE (project, name)
    );
    """,
    // `expires`: when a finished run is deleted; NULL: never. `housekeeping` has one row: the catalog's own name, and
    // when somebody is to look for what killed sidecars have left.
    """
    ALTER TABLE runs ADD COLUMN expires INTEGER;
    CREATE INDEX runs_by_expiry ON runs (expires) WHERE expires IS NOT NULL;
    CREATE TABLE housekeeping (id TEXT NOT NULL, sweep_due INTEGER NOT NULL);
    INSERT INTO housekeeping
      VALUES (lower(hex(randomblob(8))), (CAST(strftime('%s', 'now') AS INTEGER) + 3600) * 1000000000);
    """,
  ])
}
