internal import JSON
import Synchronization

/// The last answer of methods that look at what rarely changes and takes long to look at. While it is good, the reader
/// repeats it, so that a client may ask as often as it likes.
final class RecentAnswers: Sendable {
  private struct Answer {
    var value: JSONValue
    var goodUntil: ContinuousClock.Instant
  }

  private let answers = Mutex<[String: Answer]>([:])

  /// Whether the last answer may be repeated now.
  func isGood(_ method: String) -> Bool {
    answers.withLock { answers in answers[method].map { ContinuousClock.now < $0.goodUntil } ?? false }
  }

  /// The last answer, however old: whoever asks has seen to it that it was good when the call arrived.
  func last(_ method: String) -> JSONValue? {
    answers.withLock { $0[method]?.value }
  }

  func keep(_ value: JSONValue, of method: String, for duration: Duration) {
    answers.withLock { $0[method] = Answer(value: value, goodUntil: .now + duration) }
  }
}
