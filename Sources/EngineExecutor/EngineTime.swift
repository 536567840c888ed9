import Model

/// Times as the engines write them: RFC 3339, Podman with an offset, and the year 1 for "never".
enum EngineTime {
  static func parse(_ text: String) -> Timestamp? {
    guard text.utf8.first.map({ $0 >= 48 && $0 <= 57 }) == true, !text.hasPrefix("0001-") else { return nil }
    return Timestamp(parsing: text)
  }
}
