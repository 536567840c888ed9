package import JSON
package import Model

extension Catalog {
  /// Records a run. A run that is there under the same idempotency key and fingerprint is given back instead; under
  /// another fingerprint it is `idempotency_conflict`. An id that is taken is `already_exists`.
  package func insertRun(_ run: NewRun) throws -> (run: RunRecord, inserted: Bool) {
    try write { database in
      let project = run.entity.project
      try requireProject(project, in: database)
      if let key = run.idempotencyKey, let found = try self.run(project: project, key: key, in: database) {
        guard found.fingerprint == run.fingerprint else {
          throw SidecarError(
            .idempotencyConflict,
            "the idempotency_key was used before with other parameters, for run \(found.run.id)",
            hint: "repeat the call with the same parameters, or give another key"
          )
        }
        return (found.run, false)
      }
      var entity = run.entity
      entity.status["state"] = .string(run.state.rawValue)
      let columns: [(String, SQLValue)] = [
        ("state", .text(run.state.rawValue)), ("seq", .integer(0)), ("action", .text(run.action.rawValue)),
        ("function_id", .text(run.functionID)), ("function_name", .text(run.functionName)),
        ("idempotency_key", SQLValue(run.idempotencyKey)), ("fingerprint", SQLValue(run.fingerprint)),
      ]
      try insert(entity, into: "runs", columns, in: database)
      let record = RunRecord(
        entity: entity,
        state: run.state,
        seq: 0,
        action: run.action,
        functionID: run.functionID,
        functionName: run.functionName,
        idempotencyKey: run.idempotencyKey,
        leaseOwner: nil
      )
      return (record, true)
    }
  }

  package func run(project: String, id: String) throws -> RunRecord? {
    try read { try runs(("project = ? AND id = ?", [.text(project), .text(id)]), in: $0).first }
  }

  package func runs(project: String, _ query: ListQuery = ListQuery()) throws -> Page<RunRecord> {
    var conditions = [("project = ?", [SQLValue.text(project)])]
    if let function = query.function {
      conditions.append(("(function_name = ? OR function_id = ?)", [.text(function), .text(function)]))
    }
    if let action = query.action { conditions.append(("action = ?", [.text(action.rawValue)])) }
    if !query.states.isEmpty {
      let marks = Array(repeating: "?", count: query.states.count).joined(separator: ", ")
      conditions.append(("state IN (\(marks))", query.states.map { .text($0.rawValue) }))
    }
    let statement = ListStatement(
      table: "runs",
      columns: RunRecord.columns,
      columnCount: EntityRow.columnCount + 7,
      conditions: conditions,
      query: query
    )
    return try read { database in try statement.run(in: database) { try RunRecord($0, path: path) } }
  }

  /// Every run that isn't over, of all projects, oldest first: what a sidecar that starts has to look after.
  package func unfinishedRuns() throws -> [RunRecord] {
    // The same words as the index `runs_by_state`, so that SQLite uses it.
    try read { try runs(("state NOT IN ('COMPLETED', 'ERROR', 'STOPPED', 'DELETED')", []), in: $0) }
  }

  /// Moves a run from the state and seq that the caller has seen to the next state, as one compare-and-set: of several
  /// that try, one gets the changed run and the others nil (so does who names a run that is not there). `status`
  /// replaces the old one; its `state` is set here. Throws `invalid_state` where the one table does not allow it.
  package func transition(
    run id: String,
    from: RunState,
    seq: Int,
    to: RunState,
    status: JSONObject
  ) throws -> RunRecord? {
    guard from.canBecome(to) else {
      throw SidecarError(
        .invalidState,
        "a run that is \(from.rawValue) can't become \(to.rawValue)",
        cause: from.rawValue
      )
    }
    return try compareAndSet(run: id, from: from, seq: seq, to: to, status: status)
  }

  /// Like `transition`, in the same state.
  package func updateStatus(run id: String, state: RunState, seq: Int, status: JSONObject) throws -> RunRecord? {
    try compareAndSet(run: id, from: state, seq: seq, to: state, status: status)
  }

  /// False where there is none.
  package func deleteRun(project: String, id: String) throws -> Bool {
    try write { try $0.execute("DELETE FROM runs WHERE project = ? AND id = ?", [.text(project), .text(id)]) > 0 }
  }

  private func compareAndSet(
    run id: String,
    from: RunState,
    seq: Int,
    to: RunState,
    status: JSONObject
  ) throws -> RunRecord? {
    var status = status
    status["state"] = .string(to.rawValue)
    let expires = status["expires_at"]?.stringValue.flatMap { Timestamp(parsing: $0) }
    return try read { database in
      try database.query(
        """
        UPDATE runs SET state = ?, seq = seq + 1, status = ?, updated = max(updated, ?), expires = ? \
        WHERE id = ? AND state = ? AND seq = ? RETURNING \(RunRecord.columns)
        """,
        [
          .text(to.rawValue), .text(JSONValue.object(status).text()),
          .integer(Int(Timestamp.now().nanoseconds)), expires.map { .integer(Int($0.nanoseconds)) } ?? .null,
          .text(id), .text(from.rawValue), .integer(seq),
        ]
      ) { try RunRecord($0, path: path) }.first
    }
  }

  func runs(_ condition: (sql: String, values: [SQLValue]), in database: Database) throws -> [RunRecord] {
    try database.query(
      "SELECT \(RunRecord.columns) FROM runs WHERE \(condition.sql) ORDER BY position",
      condition.values
    ) { try RunRecord($0, path: path) }
  }

  private func run(project: String, key: String, in database: Database) throws -> (
    run: RunRecord, fingerprint: String?
  )? {
    try database.query(
      "SELECT \(RunRecord.columns), fingerprint FROM runs WHERE project = ? AND idempotency_key = ?",
      [.text(project), .text(key)]
    ) { (try RunRecord($0, path: path), $0.optionalText(EntityRow.columnCount + 7)) }.first
  }
}
