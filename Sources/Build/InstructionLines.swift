/// Reads the lines of one instruction as BuildKit's parser does (moby/buildkit, frontend/dockerfile/parser), to see
/// that they are one instruction and no more. Where older parsers (Docker's classic builder, Podman's) read a line
/// differently, the text is refused: it must mean the same to all.
struct InstructionLines {
  private let lines: [Substring]
  private let keyword: String

  /// Line breaks are LF and CRLF, as for a Dockerfile's parser.
  init(_ text: String, keyword: String) throws(InstructionError) {
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\r") {
      guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") else {
        throw InstructionError("has a carriage return inside a line", "Remove it.")
      }
    }
    // Over scalars: CR LF is one Character.
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init)
    self.keyword = keyword
  }

  /// Throws where the lines are not exactly one instruction; gives whether it has heredocs.
  func check() throws(InstructionError) -> Bool {
    var index = 0
    var logical = ""
    var isOpen = true
    while isOpen {
      guard index < lines.count else {
        throw InstructionError(
          "ends in a line continuation, which would take in the instruction after it",
          "Remove the backslash at the end."
        )
      }
      let line = Self.withoutCarriageReturn(lines[index])
      index += 1
      let content = line.drop { $0 == " " || $0 == "\t" }
      // Inside a continued instruction comments and blank lines are passed over, and it goes on.
      if index > 1 && (content.isEmpty || content.utf8.first == UInt8(ascii: "#")) { continue }
      let body = Self.trimmingBlanks(line)
      let backslashes = body.reversed().prefix { $0 == "\\" }.count
      if backslashes > 1 {
        throw InstructionError(
          "has a line that ends in \(backslashes) backslashes, which builders read differently",
          "Let the line end otherwise, for example in \"\\\\ #\" or quotes."
        )
      }
      isOpen = backslashes == 1
      logical += isOpen ? body.dropLast() : line
    }
    let names = heredocs(in: logical)
    for heredoc in names {
      var isClosed = false
      while !isClosed {
        guard index < lines.count else {
          throw InstructionError(
            "has a heredoc without its end, a line \"\(heredoc.name)\"",
            "Add the line, or quote the << if no heredoc is meant."
          )
        }
        let line = Self.withoutCarriageReturn(lines[index])
        index += 1
        isClosed = (heredoc.dropsTabs ? line.drop { $0 == "\t" } : line) == heredoc.name
      }
    }
    guard lines[index...].allSatisfy({ $0.allSatisfy { $0.isWhitespace } }) else {
      throw InstructionError(
        "has a line break: its line \(index + 1) would be an instruction of its own",
        "Join the lines with && or a backslash at the end, use a heredoc (RUN <<EOF), or make it several instructions."
      )
    }
    return !names.isEmpty
  }

  // MARK: Heredocs

  private struct Heredoc {
    var name: String
    /// `<<-`
    var dropsTabs: Bool
  }

  /// Words `[0-9]*<<-?NAME`; only RUN, COPY and ADD (also behind ONBUILD) have them, and not in their JSON form.
  private func heredocs(in line: String) -> [Heredoc] {
    var words = Self.words(line)[...]
    if keyword == "ONBUILD" { words = words.dropFirst() }
    guard let first = words.first, ["RUN", "COPY", "ADD"].contains(first.uppercased()) else { return [] }
    words = words.dropFirst().drop { $0.hasPrefix("--") }
    if words.first?.hasPrefix("[") == true, words.last?.hasSuffix("]") == true { return [] }
    return words.compactMap { word in
      let rest = word.drop { $0.isASCII && $0.isNumber }
      guard rest.hasPrefix("<<") else { return nil }
      var name = rest.dropFirst(2)
      let dropsTabs = name.first == "-"
      if dropsTabs { name = name.dropFirst() }
      guard !name.isEmpty, !name.contains("<") else { return nil }
      let unquoted = name.filter { !"'\"\\".contains($0) }
      return unquoted.isEmpty ? nil : Heredoc(name: unquoted, dropsTabs: dropsTabs)
    }
  }

  /// Split at blanks outside of quotes; quotes and escapes stay.
  private static func words(_ line: String) -> [Substring] {
    var words: [Substring] = []
    var start: String.Index?
    var quote: Character?
    var isEscaped = false
    for index in line.indices {
      let character = line[index]
      if isEscaped {
        isEscaped = false
      } else if character == "\\" && quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == " " || character == "\t" {
        if let begin = start { words.append(line[begin..<index]) }
        start = nil
        continue
      }
      if start == nil { start = index }
    }
    if let start { words.append(line[start...]) }
    return words
  }

  private static func withoutCarriageReturn(_ line: Substring) -> Substring {
    line.unicodeScalars.last == "\r" ? Substring(line.unicodeScalars.dropLast()) : line
  }

  private static func trimmingBlanks(_ line: Substring) -> Substring {
    var line = line
    while line.last == " " || line.last == "\t" { line = line.dropLast() }
    return line
  }
}
