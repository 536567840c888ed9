/// Finds what somebody may have meant.
package enum EditDistance {
  /// The candidate nearest to a text, if it is near enough to be a slip: at most a third of its length away. Case,
  /// dashes and underscores don't count.
  package static func nearest(to text: String, among candidates: [String]) -> String? {
    let wanted = simplified(text)
    guard (1...64).contains(wanted.count) else { return nil }
    let ranked = candidates.map { ($0, distance(wanted, simplified($0))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= max(1, wanted.count / 3) else { return nil }
    return best.0
  }

  /// Levenshtein's.
  package static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substituted = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }

  private static func simplified(_ text: String) -> [Character] {
    Array(text.lowercased().filter { $0 != "_" && $0 != "-" })
  }
}
