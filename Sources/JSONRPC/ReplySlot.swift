internal import JSON
import Synchronization

/// Where the answer to one message goes: straight out, or into its place of a batch.
struct ReplySlot: Sendable {
  private let batch: BatchReply?
  private let index: Int
  private let send: @Sendable (JSONValue) -> Void

  static func single(_ send: @escaping @Sendable (JSONValue) -> Void) -> ReplySlot {
    ReplySlot(batch: nil, index: 0, send: send)
  }

  /// `count` slots that together send one array, in the batch's order, once all are filled (section 6). When none holds
  /// an answer (all were notifications) nothing is sent.
  static func batch(_ count: Int, _ send: @escaping @Sendable (JSONValue) -> Void) -> [ReplySlot] {
    let batch = BatchReply(count)
    return (0..<count).map { ReplySlot(batch: batch, index: $0, send: send) }
  }

  /// Called once for each slot; nil for a notification. `sent` is called once the answer is on its way, which in a batch
  /// is when the last one is there.
  func fill(_ answer: JSONValue?, sent: (@Sendable () -> Void)? = nil) {
    guard let batch else {
      if let answer { send(answer) }
      sent?()
      return
    }
    guard let (answers, calls) = batch.fill(index, answer, sent) else { return }
    if !answers.isEmpty { send(.array(answers)) }
    for call in calls { call() }
  }
}

private final class BatchReply: Sendable {
  private struct State {
    var answers: [JSONValue?]
    var left: Int
    var sent: [@Sendable () -> Void] = []
  }

  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(answers: Array(repeating: nil, count: count), left: count)) }

  /// All answers, and what is to be called then, when this was the last.
  func fill(
    _ index: Int,
    _ answer: JSONValue?,
    _ sent: (@Sendable () -> Void)?
  ) -> ([JSONValue], [@Sendable () -> Void])? {
    state.withLock { state in
      state.answers[index] = answer
      state.left -= 1
      if let sent { state.sent.append(sent) }
      return state.left == 0 ? (state.answers.compactMap { $0 }, state.sent) : nil
    }
  }
}
