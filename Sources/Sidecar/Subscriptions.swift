internal import Model
import Synchronization

/// The streams that this process's client has asked for and that have not ended.
final class Subscriptions: Sendable {
  /// Each holds connections to the platform and a few hundred kilobytes.
  static let limit = 100

  private struct State {
    var issued = 0
    /// Nil: not begun yet.
    var tasks: [Int: Task<RunEventPump.Sent, Never>?] = [:]
  }

  private let state = Mutex(State())

  /// A subscription's place in the list; it is free again when this is let go of.
  final class Place: Sendable {
    let number: Int
    private let subscriptions: Subscriptions

    fileprivate init(_ number: Int, _ subscriptions: Subscriptions) {
      self.number = number
      self.subscriptions = subscriptions
    }

    deinit { _ = subscriptions.state.withLock { $0.tasks.removeValue(forKey: number) } }

    var id: String { "sub-\(number)" }

    /// What `end` cancels and waits for.
    func hold(_ task: Task<RunEventPump.Sent, Never>) {
      subscriptions.state.withLock { if $0.tasks[number] != nil { $0.tasks[number] = .some(task) } }
    }
  }

  /// Throws `overloaded` where there are too many.
  func begin() throws(SidecarError) -> Place {
    let number: Int? = state.withLock { state in
      guard state.tasks.count < Self.limit else { return nil }
      state.issued += 1
      state.tasks[state.issued] = .some(nil)
      return state.issued
    }
    if let number { return Place(number, self) }
    throw SidecarError(
      .overloaded,
      "There are \(Self.limit) subscriptions already.",
      hint: "End one with unsubscribe; one dh-sidecar process has at most \(Self.limit).",
      retryAfterMilliseconds: 1000
    )
  }

  /// Ends the subscription; one that has ended by itself is none the worse. Throws `subscription_not_found` for what
  /// was never one.
  func end(_ id: String) async throws(SidecarError) {
    let number = id.hasPrefix("sub-") ? Int(id.dropFirst(4)) : nil
    let (isKnown, task) = state.withLock { state in
      let isKnown = number.map { (1...max(state.issued, 1)).contains($0) && state.issued > 0 } ?? false
      return (isKnown, number.flatMap { state.tasks[$0] ?? nil })
    }
    guard isKnown else {
      throw SidecarError(
        .subscriptionNotFound,
        "There is no subscription `\(id)`.",
        hint: "subscribeRun's answer names it; a new process has none."
      )
    }
    guard let number, let task else { return }
    task.cancel()
    _ = await task.value
    // Its last event may still wait for the client.
    state.withLock { _ = $0.tasks.removeValue(forKey: number) }
  }
}
