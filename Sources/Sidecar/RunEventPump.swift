internal import JSONRPC
internal import Model
internal import Platform

/// Carries a run's events to the client: takes no more from the stream than the client reads.
struct RunEventPump: Sendable {
  /// Bytes of one batch: large enough to be fast, small enough that an answer soon overtakes.
  private static let batchBytes = 48 << 10

  /// What the client was sent last.
  struct Sent: Sendable {
    var seq: Int
    var cursor: String
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
    let start = await stream.cursor
    var sent = Sent(seq: start.seq, cursor: start.text)
    do {
      while !sent.isEnd {
        let events = try await stream.next()
        var batch = NotificationBatch()
        for event in events {
          write(event, to: &batch)
          guard batch.size >= Self.batchBytes || event.seq == events.last?.seq else { continue }
          try await notifyAll(batch)
          batch.removeAll()
          sent = Sent(seq: event.seq, cursor: event.cursor, isEnd: event.isEnd)
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
    let end = RunStreamEnd(reason, error: error)
    write(RunEvent(seq: sent.seq + 1, cursor: sent.cursor, content: .end(end)), to: &batch)
    try await notifyAll(batch)
  }

  private func write(_ event: RunEvent, to batch: inout NotificationBatch) {
    batch.append { RunEventWriter.write(event, subscription: place.id, to: &$0) }
  }
}

extension RunEvent {
  fileprivate var isEnd: Bool { if case .end = content { true } else { false } }
}
