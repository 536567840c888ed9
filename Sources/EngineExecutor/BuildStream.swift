import JSON

/// Reads what an engine's builder says, line by line (Docker Engine API, ImageBuild: one JSON object a line). Pure.
/// Docker writes `Step 2/4 : RUN …` and the text's line break apart, and wraps stderr in red; Podman `STEP 2/4: RUN …`,
/// and errors without a code.
struct BuildStream {
  enum Event: Hashable {
    /// One-based.
    case step(Int, of: Int, String)
    case line(String, isError: Bool)
    /// A pull inside of the build.
    case status(String, done: Int?, total: Int?)
    case image(id: String)
    case failure(String, exitCode: Int?)
  }

  private var pending = ["", ""]

  mutating func read(_ line: [UInt8]) -> [Event] {
    guard let json = try? JSONValue(parsing: line) else { return [] }
    if let words = json["error"]?.stringValue, !words.isEmpty {
      let code = json["errorDetail"]?["code"]?.integerValue
      return rest() + [.failure(Self.trimmed(words), exitCode: code ?? Self.exitStatus(words))]
    }
    if let id = json["aux"]?["ID"]?.stringValue { return [.image(id: id)] }
    if let text = json["stream"]?.stringValue { return lines(text) }
    if let status = json["status"]?.stringValue {
      let detail = json["progressDetail"]
      let layer = json["id"]?.stringValue.map { "\($0): " } ?? ""
      return [
        .status(layer + status, done: detail?["current"]?.integerValue, total: detail?["total"]?.integerValue)
      ]
    }
    return []
  }

  /// What came without a line break.
  mutating func rest() -> [Event] {
    defer { pending = ["", ""] }
    return [0, 1].filter { !pending[$0].isEmpty }.map { .line(pending[$0], isError: $0 == 1) }
  }

  private mutating func lines(_ text: String) -> [Event] {
    let (red, plain) = ("\u{1b}[91m", "\u{1b}[0m")
    let isError = text.hasPrefix(red)
    var text = text
    if isError {
      text.removeFirst(red.count)
      if text.hasSuffix(plain) { text.removeLast(plain.count) }
    }
    let index = isError ? 1 : 0
    // Only what is new is looked through: a progress bar may go on for megabytes without a line break.
    var parts = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    let rest = parts.popLast() ?? ""
    if parts.isEmpty {
      pending[index] += rest
      guard pending[index].utf8.count > LogDemultiplexer.longestLine else { return [] }
      defer { pending[index] = "" }
      return [.line(pending[index], isError: isError)]
    }
    parts[0] = pending[index] + parts[0]
    pending[index] = rest
    return parts.flatMap { line -> [Event] in
      let line =
        line.unicodeScalars.last == "\r" ? String(String.UnicodeScalarView(line.unicodeScalars.dropLast())) : line
      guard !isError, let step = Self.step(line) else { return [.line(line, isError: isError)] }
      return [step, .line(line, isError: false)]
    }
  }

  /// `Step 2/4 : RUN x`, `STEP 2/4: RUN x`, `[1/2] STEP 2/4: RUN x`.
  private static func step(_ line: String) -> Event? {
    var rest = line[...]
    if rest.first == "[", let end = rest.firstIndex(of: "]") { rest = rest[end...].dropFirst(2) }
    guard rest.hasPrefix("Step ") || rest.hasPrefix("STEP ") else { return nil }
    rest = rest.dropFirst(5)
    guard let colon = rest.firstIndex(of: ":") else { return nil }
    let numbers = rest[..<colon].filter { $0 != " " }.split(separator: "/")
    guard numbers.count == 2, let number = Int(numbers[0]), let total = Int(numbers[1]), number > 0 else { return nil }
    return .step(number, of: total, String(rest[rest.index(after: colon)...].drop { $0 == " " }))
  }

  /// Podman: `… while running runtime: exit status 7`.
  private static func exitStatus(_ words: String) -> Int? {
    guard let range = words.ranges(of: "exit status ").last else { return nil }
    return Int(words[range.upperBound...].prefix { $0.isNumber })
  }

  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
