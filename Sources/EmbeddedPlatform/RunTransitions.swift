internal import Catalog
internal import JSON
internal import Model
internal import Platform

/// The one place that changes the state of an embedded run: a compare-and-set in the catalog, then a word to those who
/// wait.
struct RunTransitions: Sendable {
  let catalog: Catalog
  let changes: RunChanges

  /// Nil where another was quicker: read the run again.
  func perform(
    _ run: RunRecord,
    to state: RunState,
    message: String? = nil,
    _ change: (inout RunStatus) -> Void = { _ in }
  ) async throws -> RunRecord? {
    var status = RunStatus(run.entity.status)
    let now = Timestamp.now()
    status.enter(state, at: now, message: message)
    change(&status)
    let ttl = state.isTerminal ? run.entity.spec["ttl_seconds"]?.integerValue : nil
    status.setExpiry(ttl.map { Timestamp(nanoseconds: now.nanoseconds + Int64($0) * 1_000_000_000) })
    let changed = try await catalog.transition(
      run: run.id,
      from: run.state,
      seq: run.seq,
      to: state,
      status: status.json
    )
    if changed != nil { changes.publish(.look, for: run.id) }
    return changed
  }

  /// Changes the status in the same state, whoever else changes it. Nil where the run is gone or in another state.
  @discardableResult
  func note(_ run: RunRecord, _ change: (inout RunStatus) -> Void) async throws -> RunRecord? {
    var current: RunRecord? = run
    while let run = current {
      var status = RunStatus(run.entity.status)
      change(&status)
      let changed = try await catalog.updateStatus(run: run.id, state: run.state, seq: run.seq, status: status.json)
      if let changed { return changed }
      current = try await catalog.run(project: run.entity.project, id: run.id)
      guard current?.state == run.state else { return nil }
    }
    return nil
  }

  /// Takes the run to STOP, RESUME or DELETING, from whatever state it has meanwhile. Nil where it is gone.
  func request(
    _ state: RunState,
    of run: RunRecord,
    _ change: (inout RunStatus) -> Void = { _ in }
  ) async throws -> RunRecord? {
    var current: RunRecord? = run
    while let run = current, run.state != state {
      guard run.state.canBecome(state) else {
        throw SidecarError(
          .invalidState,
          "The run is \(run.state.rawValue): it can't become \(state.rawValue).",
          hint: run.state.isTerminal ? "It is over: getRun says how; run starts another." : "Look at it with getRun.",
          cause: run.state.rawValue
        )
      }
      if let changed = try await perform(run, to: state, change) { return changed }
      current = try await catalog.run(project: run.entity.project, id: run.id)
    }
    return current
  }
}
