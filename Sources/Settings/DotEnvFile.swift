/// The `.env` that SDK 0.15 writes beside the ini file after each refresh: `NAME=value`, quoted where needed. Only read.
package struct DotEnvFile: Sendable, Hashable {
  private var entries: [String: DHCoreFile.Entry] = [:]

  /// Lines that are no assignment are passed over, as python-dotenv does.
  package init(parsing bytes: [UInt8]) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var line = Substring(decoding: line, as: UTF8.self).trimmed
      if line.hasPrefix("export ") { line = line.dropFirst(7).trimmed }
      guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].trimmed
      guard !name.isEmpty else { continue }
      let value = Self.value(line[line.index(after: equals)...].trimmed)
      entries[String(name)] = DHCoreFile.Entry(value: value, line: index + 1)
    }
  }

  /// Nil where it is missing or empty.
  package subscript(_ name: String) -> DHCoreFile.Entry? { entries[name].flatMap { $0.value.isEmpty ? nil : $0 } }

  private static func value(_ text: Substring) -> String {
    guard let quote = text.first, quote == "'" || quote == "\"" else {
      // A # after white space starts a comment.
      var end = text.startIndex
      while end < text.endIndex {
        let isComment = text[end] == "#" && (end == text.startIndex || text[text.index(before: end)].isWhitespace)
        if isComment { break }
        end = text.index(after: end)
      }
      return String(text[..<end].trimmed)
    }
    var value = ""
    var isEscaped = false
    for character in text.dropFirst() {
      if isEscaped {
        value += character == "n" && quote == "\"" ? "\n" : String(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == quote {
        break
      } else {
        value.append(character)
      }
    }
    return value
  }
}

extension DotEnvFile: CustomStringConvertible, CustomReflectable {
  /// It is full of tokens.
  package var description: String { ".env file with \(entries.count) variables" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
