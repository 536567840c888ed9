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

  /// Called once for each slot; nil for a notification.
  func fill(_ answer: JSONValue?) {
    guard let batch else {
      if let answer { send(answer) }
      return
    }
    if let answers = batch.fill(index, answer), !answers.isEmpty { send(.array(answers)) }
  }
}

private final class BatchReply: Sendable {
  private let state: Mutex<(answers: [JSONValue?], left: Int)>

  init(_ count: Int) { state = Mutex((Array(repeating: nil, count: count), count)) }

  /// All answers, when this was the last.
  func fill(_ index: Int, _ answer: JSONValue?) -> [JSONValue]? {
    state.withLock { state in
      state.answers[index] = answer
      state.left -= 1
      return state.left == 0 ? state.answers.compactMap { $0 } : nil
    }
  }
}
