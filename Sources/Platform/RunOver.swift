import Synchronization

/// Says, once and for all, that no program of a run will begin any more: who reads its log comes to the log's end, and
/// then to his own.
package final class RunOver: Sendable {
  private struct State {
    var isSet = false
    var next = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  package var isSet: Bool { state.withLock { $0.isSet } }

  package func set() {
    let waiters = state.withLock { state in
      state.isSet = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when it is set. Throws `CancellationError` where the task is cancelled.
  package func wait() async throws {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isNow = state.withLock { state in
          if state.isSet || Task.isCancelled { return true }
          state.waiters[number] = continuation
          return false
        }
        if isNow { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
    try Task.checkCancellation()
  }

  /// Returns after that time, or as soon as it is set. Throws `CancellationError` where the task is cancelled.
  package func wait(atMost time: Duration) async throws {
    guard !isSet else { return try Task.checkCancellation() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.wait() }
      group.addTask { try await Task.sleep(for: time) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
