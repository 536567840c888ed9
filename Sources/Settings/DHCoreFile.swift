/// The ini file that the DigitalHub SDK and dhcli share, usually `~/.dhcore.ini`: a section for each profile. Read as
/// Python's configparser reads it without interpolation, which is what the SDK uses: keys in any case, `=` or `:`,
/// full-line comments with `#` or `;`, indented lines continue a value, [DEFAULT] stands behind every section. Where
/// configparser refuses a repeated section or key, the last one wins here, as in dhcli.
package struct DHCoreFile: Sendable, Hashable {
  /// A value with the line (from 1) that it starts in.
  package struct Entry: Sendable, Hashable {
    package let value: String
    package let line: Int
  }

  /// A line that can't be understood.
  package struct Fault: Error, Sendable, Hashable {
    package let line: Int
    package let message: String
  }

  struct Option: Sendable, Hashable {
    /// In lower case.
    let key: String
    let indent: Int
    let line: Int
    /// Where the value starts in the file, and where its first line ends, without the line break.
    let valueRange: Range<Int>
    /// Indices of the lines that continue the value.
    var continuations: [Int] = []
    var value: String

    var lastLine: Int { continuations.last ?? line }
  }

  struct Section: Sendable, Hashable {
    let name: String
    let indent: Int
    let line: Int
    var options: [Option] = []
  }

  static let defaultName = "DEFAULT"
  /// The profile where nobody names one.
  package static let standardProfile = "__default"

  let bytes: [UInt8]
  /// Each with its line break.
  let lines: [Range<Int>]
  private(set) var sections: [Section] = []
  /// Lines that are neither section, key nor comment; the rest of the file is read nonetheless.
  package private(set) var faults: [Fault] = []

  package init(parsing bytes: [UInt8]) {
    self.bytes = bytes
    lines = Self.split(bytes)
    for index in lines.indices { read(index) }
    for section in sections.indices {
      for option in sections[section].options.indices {
        sections[section].options[option].value.trimEnd()
      }
    }
  }

  /// The names of the profiles, in the order of the file.
  package var profiles: [String] {
    var names: [String] = []
    for section in sections where section.name != Self.defaultName && !names.contains(section.name) {
      names.append(section.name)
    }
    return names
  }

  /// The profile that [DEFAULT] makes the current one.
  package var currentProfile: Entry? {
    option("current_environment", section: Self.defaultName).flatMap(Self.entry)
  }

  /// The first of these keys that the profile has and that is not empty; [DEFAULT] stands behind each. Nil where there
  /// is no such profile, whatever [DEFAULT] says.
  package func entry(_ keys: [String], profile: String) -> Entry? {
    guard hasProfile(profile) else { return nil }
    for key in keys {
      if let own = option(key, section: profile) {
        if let entry = Self.entry(own) { return entry }
      } else if let entry = option(key, section: Self.defaultName).flatMap(Self.entry) {
        return entry
      }
    }
    return nil
  }

  package func hasProfile(_ name: String) -> Bool { sections.contains { $0.name == name } }

  /// The last one of this name, in the profile's own section.
  func option(_ key: String, section name: String) -> Option? {
    let key = key.lowercased()
    for section in sections.reversed() where section.name == name {
      if let option = section.options.last(where: { $0.key == key }) { return option }
    }
    return nil
  }

  private static func entry(_ option: Option) -> Entry? {
    option.value.isEmpty ? nil : Entry(value: option.value, line: option.line + 1)
  }

  // MARK: Reading

  /// LF, CRLF or CR, as Python reads text.
  private static func split(_ bytes: [UInt8]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    // A byte order mark is no part of the first line.
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      guard byte == Ascii.lineFeed || byte == Ascii.carriageReturn else { continue }
      if byte == Ascii.carriageReturn, index < bytes.count, bytes[index] == Ascii.lineFeed { index += 1 }
      lines.append(start..<index)
      start = index
    }
    if start < bytes.count { lines.append(start..<bytes.count) }
    return lines
  }

  private mutating func read(_ index: Int) {
    let content = trimmed(lines[index])
    let isComment = content.first.map { bytes[$0] == Ascii.hash || bytes[$0] == Ascii.semicolon } ?? false
    if isComment { return }
    let last = sections.indices.last
    let lastOption = last.flatMap { sections[$0].options.indices.last }
    if content.isEmpty {
      // An empty line inside a value belongs to it; at its end it is trimmed.
      if let last, let lastOption { sections[last].options[lastOption].value += "\n" }
      return
    }
    let indent = content.lowerBound - lines[index].lowerBound
    if let last, let lastOption, indent > sections[last].options[lastOption].indent {
      sections[last].options[lastOption].value += "\n" + text(content)
      sections[last].options[lastOption].continuations.append(index)
      return
    }
    if let name = sectionName(content) {
      sections.append(Section(name: name, indent: indent, line: index))
    } else if let last {
      guard let option = option(in: content, line: index, indent: indent) else {
        faults.append(Fault(line: index + 1, message: "is neither a [section] nor `key = value`"))
        return
      }
      sections[last].options.append(option)
    } else {
      faults.append(Fault(line: index + 1, message: "comes before the first [section]"))
    }
  }

  private func sectionName(_ content: Range<Int>) -> String? {
    guard bytes[content.lowerBound] == Ascii.openBracket,
      let end = content.last(where: { bytes[$0] == Ascii.closeBracket }), end > content.lowerBound + 1
    else { return nil }
    return text(content.lowerBound + 1..<end)
  }

  private func option(in content: Range<Int>, line: Int, indent: Int) -> Option? {
    guard let delimiter = content.first(where: { bytes[$0] == Ascii.equals || bytes[$0] == Ascii.colon }) else {
      return nil
    }
    let key = trimmed(content.lowerBound..<delimiter)
    guard !key.isEmpty else { return nil }
    let value = trimmed(delimiter + 1..<content.upperBound)
    return Option(key: text(key).lowercased(), indent: indent, line: line, valueRange: value, value: text(value))
  }

  /// Without white space at both ends; an empty range stands at the end.
  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    guard let first = range.first(where: { !Ascii.isSpace(bytes[$0]) }),
      let last = range.last(where: { !Ascii.isSpace(bytes[$0]) })
    else {
      // A value that is empty is written where its line's content ends.
      let end = range.first { bytes[$0] == Ascii.lineFeed || bytes[$0] == Ascii.carriageReturn } ?? range.upperBound
      return end..<end
    }
    return first..<last + 1
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

extension DHCoreFile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// It is full of tokens.
  package var description: String { "ini file with the profiles \(profiles)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

enum Ascii {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let hash = UInt8(ascii: "#")
  static let semicolon = UInt8(ascii: ";")
  static let openBracket = UInt8(ascii: "[")
  static let closeBracket = UInt8(ascii: "]")
  static let equals = UInt8(ascii: "=")
  static let colon = UInt8(ascii: ":")

  /// Space, and tab to carriage return.
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension String {
  /// Removes white space at the end.
  fileprivate mutating func trimEnd() {
    while let last, last.isWhitespace { removeLast() }
  }
}
