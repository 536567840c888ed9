internal import Model
internal import Platform
import Synchronization

/// Tells those who wait for a run that something about it changed. It carries no states: whoever is woken reads the
/// catalog, which alone knows the truth, so a lost or doubled wake-up does no harm.
final class RunChanges: Sendable {
  enum Change: Sendable {
    case look
    case progress(Progress)
    case deadline
  }

  /// One waiter's ear; let go of it to stop listening.
  final class Subscription: Sendable {
    let changes: AsyncStream<Change>
    private let onEnd: @Sendable () -> Void

    fileprivate init(changes: AsyncStream<Change>, onEnd: @escaping @Sendable () -> Void) {
      self.changes = changes
      self.onEnd = onEnd
    }

    deinit { onEnd() }
  }

  private struct Listeners {
    var next = 0
    var byRun: [String: [Int: AsyncStream<Change>.Continuation]] = [:]
  }

  private let listeners = Mutex(Listeners())

  /// With a deadline, a `.deadline` arrives after that many seconds.
  func subscribe(to runID: String, deadlineSeconds: Double? = nil) -> Subscription {
    let (stream, continuation) = AsyncStream<Change>.makeStream(bufferingPolicy: .bufferingNewest(64))
    let number = listeners.withLock { listeners in
      listeners.next += 1
      listeners.byRun[runID, default: [:]][listeners.next] = continuation
      return listeners.next
    }
    let timer = deadlineSeconds.map { seconds in
      Task {
        try await Task.sleep(for: .seconds(seconds))
        continuation.yield(.deadline)
      }
    }
    return Subscription(changes: stream) { [weak self] in
      timer?.cancel()
      self?.unsubscribe(number, from: runID)
    }
  }

  func publish(_ change: Change, for runID: String) {
    let ears = listeners.withLock { $0.byRun[runID].map { Array($0.values) } ?? [] }
    for ear in ears { ear.yield(change) }
  }

  /// For changes that another process made: which run is not known.
  func publishToAll(_ change: Change) {
    let ears = listeners.withLock { $0.byRun.values.flatMap(\.values) }
    for ear in ears { ear.yield(change) }
  }

  private func unsubscribe(_ number: Int, from runID: String) {
    listeners.withLock { listeners in
      listeners.byRun[runID]?[number] = nil
      if listeners.byRun[runID]?.isEmpty == true { listeners.byRun[runID] = nil }
    }
  }
}
