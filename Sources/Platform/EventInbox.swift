internal import Model
import Synchronization

/// Where what is seen of a run meets whoever asks for it: the newest look, and a bounded amount of the log, whose reader
/// waits when it is full. For one reader of the log, and one who takes.
final class EventInbox: Sendable {
  struct Arrival: Sendable {
    var look: Look?
    var log: LogBatch?
    /// No more of the log comes.
    var isLogOver = false
    var failure: SidecarError?

    var isEmpty: Bool { look == nil && log == nil && !isLogOver && failure == nil }
  }

  enum Look: Sendable {
    case run(RunLook)
    case gone
  }

  fileprivate struct State {
    var arrival = Arrival()
    var bytes = 0
    var taker: CheckedContinuation<Arrival, any Error>?
    var putter: CheckedContinuation<Void, any Error>?
    var isClosed = false
  }

  /// Bytes of the log, beyond which its reader waits.
  private static let limit = 256 << 10
  private let state = Mutex(State())

  /// A newer look stands for all before it.
  func put(_ look: Look) { deliver { $0.arrival.look = look } }

  func fail(_ error: SidecarError) { deliver { $0.arrival.failure = $0.arrival.failure ?? error } }

  func endLog() { deliver { $0.arrival.isLogOver = true } }

  /// Returns once there is room for more. Throws `CancellationError` where nobody will take any more.
  func put(_ batch: LogBatch) async throws {
    let bytes = batch.bytes
    deliver { state in
      state.bytes += bytes
      guard var log = state.arrival.log else { return state.arrival.log = batch }
      state.arrival.log = nil
      log.entries += batch.entries
      log.cursors += batch.cursors
      log.isCurrent = log.isCurrent || batch.isCurrent
      state.arrival.log = log
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.isClosed || Task.isCancelled { return .failure(CancellationError()) }
          if state.bytes < Self.limit { return .success(()) }
          state.putter = continuation
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let putter = state.withLock { state in
        defer { state.putter = nil }
        return state.putter
      }
      putter?.resume(throwing: CancellationError())
    }
  }

  /// Waits for something to arrive, and takes all of it.
  func take() async throws -> Arrival {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (outcome, putter) = state.withLock {
          state -> (Result<Arrival, any Error>?, CheckedContinuation<Void, any Error>?) in
          if state.isClosed || Task.isCancelled { return (.failure(CancellationError()), nil) }
          guard !state.arrival.isEmpty else {
            state.taker = continuation
            return (nil, nil)
          }
          return (.success(state.takeArrival()), state.takePutter())
        }
        if let outcome { continuation.resume(with: outcome) }
        putter?.resume()
      }
    } onCancel: {
      let taker = state.withLock { state in
        defer { state.taker = nil }
        return state.taker
      }
      taker?.resume(throwing: CancellationError())
    }
  }

  func close() {
    let (taker, putter) = state.withLock { state in
      state.isClosed = true
      defer { state.taker = nil }
      return (state.taker, state.takePutter())
    }
    taker?.resume(throwing: CancellationError())
    putter?.resume(throwing: CancellationError())
  }

  private func deliver(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state -> (CheckedContinuation<Arrival, any Error>, Arrival)? in
      change(&state)
      guard let taker = state.taker else { return nil }
      state.taker = nil
      return (taker, state.takeArrival())
    }
    if let (taker, arrival) = waiting { taker.resume(returning: arrival) }
  }
}

extension EventInbox.State {
  fileprivate mutating func takeArrival() -> EventInbox.Arrival {
    defer {
      arrival = EventInbox.Arrival()
      bytes = 0
    }
    return arrival
  }

  fileprivate mutating func takePutter() -> CheckedContinuation<Void, any Error>? {
    defer { putter = nil }
    return putter
  }
}
