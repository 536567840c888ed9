/// When a request is sent once more. Every request of ours may be: ids are made before the first POST, so a second one
/// is a duplicate and no second entity; PUT, DELETE and run actions are the same the second time.
struct RetryPolicy: Sendable {
  /// The first one included.
  var attempts = 4
  var firstDelaySeconds = 0.2
  var longestDelaySeconds = 5.0
  /// A server that says Retry-After is believed up to here; beyond, the caller is told instead.
  var longestRetryAfterSeconds = 30.0

  static let standard = RetryPolicy()

  /// Of 500, only reads: it is mostly the same again, and Core answers it for faults in a body too.
  func retries(status: Int, method: String) -> Bool {
    switch status {
    case 429, 502, 503, 504: true
    case 500: method == "GET"
    default: false
    }
  }

  /// Seconds before the next attempt, or nil: no more. `attempt` counts from 1; `jitter` is within 0…1, so that many
  /// clients do not come back at the same moment.
  func delay(afterAttempt attempt: Int, retryAfterSeconds: Double? = nil, jitter: Double) -> Double? {
    guard attempt < attempts else { return nil }
    if let retryAfterSeconds {
      return retryAfterSeconds <= longestRetryAfterSeconds ? retryAfterSeconds : nil
    }
    var delay = firstDelaySeconds
    for _ in 1..<max(attempt, 1) { delay = min(delay * 2, longestDelaySeconds) }
    return delay * (0.5 + jitter / 2)
  }
}
