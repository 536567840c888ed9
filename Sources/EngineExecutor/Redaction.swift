/// Takes the values of secrets out of what a build's commands wrote: it is kept in a file, and is part of messages.
struct Redaction: Sendable {
  /// Shorter ones would make holes in any text.
  private static let shortest = 4

  private let values: [(value: String, name: String)]

  /// By name. The lines of one that has several are taken out one by one, as they are written.
  init(_ secrets: [String: String]) {
    values = secrets.flatMap { name, value in
      value.split(whereSeparator: \.isNewline).filter { $0.utf8.count >= Self.shortest }.map { (String($0), name) }
    }
    .sorted { $0.value.utf8.count > $1.value.utf8.count }
  }

  func redacted(_ text: String) -> String {
    var text = text
    for (value, name) in values where text.contains(value) { text = text.replacing(value, with: "<secret \(name)>") }
    return text
  }
}
