/// When to look again: fast while things happen, slower while they don't. Seconds.
struct PollSchedule: Sendable {
  static let fastest = 0.1
  static let slowest = 5.0
  private static let growth = 1.5
  private static let firstAfterFailure = 1.0
  private static let slowestAfterFailure = 30.0

  private var interval = fastest
  private var failures = 0

  /// `jitter` is within 0…1: many clients of one server shall not come at the same moment.
  mutating func next(changed: Bool, jitter: Double) -> Double {
    failures = 0
    interval = changed ? Self.fastest : min(interval * Self.growth, Self.slowest)
    return Self.spread(interval, jitter)
  }

  mutating func afterFailure(jitter: Double) -> Double {
    var delay = Self.firstAfterFailure
    for _ in 0..<min(failures, 8) { delay *= 2 }
    failures += 1
    return Self.spread(min(delay, Self.slowestAfterFailure), jitter)
  }

  /// Somebody new is waiting.
  mutating func hurry() { interval = Self.fastest }

  private static func spread(_ seconds: Double, _ jitter: Double) -> Double { seconds * (0.8 + 0.4 * jitter) }
}
