internal import JSONRPC
internal import Model
internal import Platform

/// Carries a run's events to the client: takes no more from the stream than the client reads.
struct RunEventPump: Sendable {
  /// Bytes of one batch: large enough to be fast, small enough that an answer soon overtakes.
  private static let batchBytes = 48 << 10

  /// While events come in quick succession, more of them are waited for so long: each bunch wakes several threads and
  /// the client.
  private static let pace = Duration.milliseconds(2)
  /// Enough of them.
  private static let bunch = 200

  /// What the client was sent last.
  struct Sent: Sendable {
    var cursor: RunCursor
    var isEnd = false
  }

  let place: Subscriptions.Place
  let stream: RunEventStream
  let notifyAll: @Sendable (NotificationBatch) async throws -> Void
  /// For an error that is not ours.
  let refusal: @Sendable (any Error) -> SidecarError

  /// Until the stream ends, is unsubscribed from, or the connection closes.
  func run() async {
    let task = Task { await pump() }
    place.hold(task)
    let sent = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    guard task.isCancelled, !Task.isCancelled, !sent.isEnd else { return }
    try? await send(.unsubscribed, after: sent)
  }

  private func pump() async -> Sent {
    var sent = Sent(cursor: await stream.cursor)
    var writer = RunEventWriter(subscription: place.id)
    do {
      var isBusy = false
      while !sent.isEnd {
        if isBusy { try await Task.sleep(for: Self.pace) }
        let asked = ContinuousClock.now
        let events = try await stream.next()
        isBusy = events.count < Self.bunch && asked.duration(to: .now) < Self.pace
        var batch = NotificationBatch()
        for event in events {
          batch.append { writer.write(event, to: &$0) }
          guard batch.size >= Self.batchBytes || event.seq == events.last?.seq else { continue }
          try await notifyAll(batch)
          batch.removeAll()
          sent = Sent(cursor: event.cursor, isEnd: event.isEnd)
        }
      }
    } catch {
      if !Task.isCancelled, !(error is CancellationError) {
        try? await send(.failed, after: sent, error: refusal(error))
        sent.isEnd = true
      }
    }
    await stream.close()
    return sent
  }

  private func send(_ reason: RunStreamEnd.Reason, after sent: Sent, error: SidecarError? = nil) async throws {
    var batch = NotificationBatch()
    var writer = RunEventWriter(subscription: place.id)
    let end = RunEvent(
      seq: sent.cursor.seq + 1,
      cursor: sent.cursor,
      content: .end(RunStreamEnd(reason, error: error))
    )
    batch.append { writer.write(end, to: &$0) }
    try await notifyAll(batch)
  }
}

extension RunEvent {
  fileprivate var isEnd: Bool { if case .end = content { true } else { false } }
}
