internal import JSON
internal import Model
package import Platform
internal import Synchronization

extension CorePlatform {
  /// States come from the poller that all who wait share; a run's log is asked for again and again, since Core has no
  /// stream of it.
  package func events(of reference: RunReference, query: RunEventQuery) async throws -> RunEventStream {
    let view = try await view(reference)
    let history = StateHistory()
    let first = history.look(at: view, shown: seen(view))
    var cursor = RunCursor(run: view.core.id)
    if let after = query.after { cursor = try RunCursor(parsing: after, run: view.core.id) }
    let tail = query.after == nil ? query.logTail : nil
    let logs: RunEventStream.LogSource = { [self] place, over, take in
      try await followLogs(reference, after: place, tail: place.isEmpty ? tail : nil, over: over, take: take)
    }
    return RunEventStream(
      after: cursor,
      first: first,
      looks: { [self] see in
        for try await news in await poller.news(of: reference) {
          switch news {
          case .run(let view): see(view.map { history.look(at: $0, shown: seen($0)) })
          case .failed(let error): throw error
          case .unreachable, .deadline: break
          }
        }
      },
      now: { [self] in
        do {
          let view = try await self.view(reference)
          return history.look(at: view, shown: seen(view))
        } catch let error as SidecarError where error.code == .runNotFound {
          return nil
        }
      },
      logs: query.logs ? logs : nil
    )
  }

  private func followLogs(
    _ reference: RunReference,
    after place: String,
    tail: Int?,
    over: RunOver,
    take: @Sendable (LogBatch) async throws -> Void
  ) async throws {
    var query = LogQuery(tail: tail, after: place.isEmpty ? nil : place, limit: .max)
    var schedule = PollSchedule()
    var isToldCurrent = false
    var failures = 0
    while true {
      // Before the logs: what the run writes in between is complete with its end.
      let isOver = over.isSet
      let began = ContinuousClock.now
      let pause: Double
      do {
        let batch = try CoreLogPage.batch(try await records(reference), query: query, isOver: isOver)
        failures = 0
        if let last = batch.cursors.last {
          query = LogQuery(after: last, limit: .max)
          try await take(batch)
        }
        if !isToldCurrent { try await take(LogBatch(isCurrent: true)) }
        isToldCurrent = true
        if isOver { return }
        pause = schedule.next(changed: !batch.entries.isEmpty, jitter: .random(in: 0...1))
      } catch let error as SidecarError where error.code.retryable && failures < Self.patience {
        failures += over.isSet ? 1 : 0
        pause = schedule.afterFailure(jitter: .random(in: 0...1))
      } catch let error as SidecarError where error.code == .runNotFound {
        // The poller says so too.
        return
      }
      // Core gives the whole log each time: what takes long is not asked for all the time.
      let cost = began.duration(to: .now)
      try await over.wait(atMost: max(.seconds(pause), cost * 4))
    }
  }

  /// How often Core may fail to give the log of a run that is over.
  private static let patience = 5
}

/// All transitions of a run, in order, as one look after the other tells them. Where a server gives no list, the states
/// that were seen are the list.
final class StateHistory: Sendable {
  private let seen = Mutex<[StateChange]>([])

  func look(at view: RunView, shown run: Entity) -> RunLook {
    let told = StateChange.all(of: run)
    let changes = seen.withLock { seen in
      if told.count >= seen.count {
        seen = told
      }
      if seen.last?.state != view.state {
        let time = (view.core.updated ?? Timestamp.now()).text
        seen.append(StateChange(state: view.state, time: time, message: run.status["message"]?.stringValue))
      }
      return seen
    }
    return RunLook(run, changes: changes)
  }
}
