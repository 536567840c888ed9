import Model

/// Counts how often a program ended in a row, from what its engine says now and then: how often it was restarted in
/// all, and since when it runs. A program that stays up for a while ends the row, as with Docker's own delays.
struct CrashRow: Hashable {
  static let settledSeconds = 10.0
  /// Engines wait at most a minute before they begin a program again, so ends that are farther apart than this and
  /// `settledSeconds` together are no row.
  static let slowestSeconds = 70.0

  /// Restarts that belong to former rows.
  private var base: Int?
  /// Starts that we had to make, since the engine did not.
  private var own = 0

  init() {}

  mutating func startedAgain() { own += 1 }

  /// `restarts` are those that the engine counts; `upSeconds` nil where the program does not run; `ageSeconds` since
  /// the container was made.
  mutating func ends(restarts: Int, upSeconds: Double?, ageSeconds: Double) -> Int {
    if let upSeconds, upSeconds >= Self.settledSeconds {
      base = restarts
      own = 0
      return 0
    }
    if let base {
      // A start by hand makes engines count anew.
      if restarts < base { self.base = 0 }
    } else {
      base = restarts > 0 && ageSeconds / Double(restarts) > Self.slowestSeconds ? restarts : 0
    }
    return restarts - (base ?? 0) + own
  }
}
