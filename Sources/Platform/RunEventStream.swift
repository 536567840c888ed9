internal import JSON
package import Model

/// A run's history from a place on, and what follows, pulled piece by piece: whoever does not pull makes the reader of
/// the log wait, and with him the platform. For one caller at a time; `close` it at the end.
package actor RunEventStream {
  /// Reads a log from a place on to its end, which comes once `over` is set; awaits `take` before it reads more.
  package typealias LogSource =
    @Sendable (
      _ after: String,
      _ over: RunOver,
      _ take: @escaping @Sendable (LogBatch) async throws -> Void
    ) async throws -> Void

  /// As it was when the stream was made.
  package nonisolated let run: Entity
  private var merge: RunEventMerge
  private let inbox = EventInbox()
  private let now: @Sendable () async throws -> RunLook?
  private let logs: LogSource?
  private var over = RunOver()
  private var watch: Task<Void, Never>?
  private var reader: Task<Void, Never>?
  private var isEnded = false

  /// `looks` gives the run at every change, nil where it is gone, until it is cancelled; `now` the run as it is now.
  /// Without `logs`, only transitions are told.
  package init(
    after cursor: RunCursor,
    first: RunLook,
    looks: @escaping @Sendable (_ see: @Sendable (RunLook?) -> Void) async throws -> Void,
    now: @escaping @Sendable () async throws -> RunLook?,
    logs: LogSource?
  ) {
    run = first.run
    merge = RunEventMerge(after: cursor, look: first, logs: logs != nil)
    self.now = now
    self.logs = logs
    watch = Task { [inbox] in
      do {
        try await looks { look in inbox.put(look.map(EventInbox.Look.run) ?? .gone) }
      } catch {
        inbox.fail(error)
      }
    }
  }

  deinit {
    watch?.cancel()
    reader?.cancel()
  }

  /// Behind what `next` has given.
  package var cursor: RunCursor { merge.cursor }

  /// What comes next, in order: at least one event, the last of which may be the end; nothing after it. Throws
  /// `CancellationError` where the task is cancelled or the stream closed.
  package func next() async throws -> [RunEvent] {
    guard !isEnded else { return [] }
    readLog()
    while true {
      let events = merge.events()
      if !events.isEmpty { return events }
      if merge.isFinished {
        // It may have been deleted or resumed meanwhile.
        guard let look = try await now() else { return end(.deleted) }
        merge.see(look)
        if merge.isFinished { return end(.finished) }
        readLog()
        continue
      }
      let arrival = try await inbox.take()
      if let batch = arrival.log { merge.add(batch) }
      if arrival.isLogOver { merge.isLogOver = true }
      switch arrival.look {
      case .run(let look): merge.see(look)
      case .gone: return merge.rest() + end(.deleted)
      case nil: break
      }
      if let failure = arrival.failure { return merge.events() + end(.failed, failure) }
      if merge.look.isOver { over.set() }
      readLog()
    }
  }

  package func close() {
    watch?.cancel()
    reader?.cancel()
    inbox.close()
  }

  /// Begins to read the log, also again where a run that was over was resumed.
  private func readLog() {
    guard let logs, reader == nil || (merge.isLogOver && !merge.look.isOver) else { return }
    over = RunOver()
    if merge.look.isOver { over.set() }
    merge.isLogOver = false
    let (inbox, over, place) = (inbox, over, merge.cursor.log)
    reader = Task {
      do {
        try await logs(place, over) { try await inbox.put($0) }
        inbox.endLog()
      } catch {
        inbox.fail(error)
      }
    }
  }

  private func end(_ reason: RunStreamEnd.Reason, _ error: SidecarError? = nil) -> [RunEvent] {
    isEnded = true
    close()
    var run = merge.look.run
    if reason == .deleted { run.status["state"] = .string(RunState.deleted.rawValue) }
    return [merge.end(RunStreamEnd(reason, run: reason == .failed ? nil : run, error: error))]
  }
}

extension EventInbox {
  /// A cancel is no failure: whoever cancelled knows.
  fileprivate func fail(_ error: any Error) {
    if error is CancellationError { return }
    fail(error as? SidecarError ?? SidecarError(.engineError, "The run can't be followed.", cause: "\(error)"))
  }
}
