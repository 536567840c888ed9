internal import Catalog
internal import Model
package import Platform

// Runs as they go on, told step by step.
extension EmbeddedPlatform {
  package func events(of reference: RunReference, query: RunEventQuery) async throws -> RunEventStream {
    let run = try await current(reference)
    let execution = try await catalog.execution(of: run)
    var cursor = RunCursor(run: run.id)
    var tail = LogBatch()
    if let after = query.after {
      cursor = try RunCursor(parsing: after, run: run.id)
    } else if query.logs, let count = query.logTail {
      (cursor.log, tail) = try await executor.lastLogs(execution, count: count)
    }
    let (start, first) = (cursor.log, tail)
    let logs: RunEventStream.LogSource = { [executor] place, over, take in
      var place = place
      if place == start, let last = first.cursors.last {
        try await take(first)
        place = last
      }
      try await executor.followLogs(execution, after: place, over: over, take: take)
    }
    return RunEventStream(
      after: cursor,
      first: RunLook(run.entity.shown),
      looks: { [self] see in try await look(at: reference, see) },
      now: { [catalog] in
        try await catalog.run(project: reference.project, id: reference.id).map { RunLook($0.entity.shown) }
      },
      logs: query.logs ? logs : nil
    )
  }

  /// Gives the run at every change until it is gone. A run whose sidecar dies is taken up.
  private func look(at reference: RunReference, _ see: @Sendable (RunLook?) -> Void) async throws {
    let subscription = supervisor.changes.subscribe(to: reference.id)
    let foreign = supervisor.foreignChanges
    await foreign.beginWaiting()
    defer { Task { await foreign.endWaiting() } }
    var seen: Int?
    func isThere() async throws -> Bool {
      let run = try await catalog.run(project: reference.project, id: reference.id)
      if run == nil || run?.seq != seen { see(run.map { RunLook($0.entity.shown) }) }
      seen = run?.seq
      if let run { try await supervisor.adopt(run) }
      return run != nil
    }
    guard try await isThere() else { return }
    for await change in subscription.changes {
      guard case .look = change else { continue }
      guard try await isThere() else { return }
    }
  }
}
