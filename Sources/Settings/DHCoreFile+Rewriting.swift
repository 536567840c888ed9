extension DHCoreFile {
  /// The members of a token endpoint's answer that releases 0.14 and later keep under a prefix, and 0.13 without one.
  private static let prefixed: Set<String> = ["access_token", "refresh_token", "client_id", "issuer"]

  /// The keys that a member of a token endpoint's answer has in this profile: those that are there, of both
  /// generations, so that every SDK on the machine finds the new value; for a new one the generation of the rest.
  package func keys(of member: String, profile: String) -> [String] {
    guard Self.prefixed.contains(member) else { return [member == "token_endpoint" ? "oauth2_token_endpoint" : member] }
    let there = ["dhcore_" + member, member].filter { option($0, section: profile) != nil }
    if !there.isEmpty { return there }
    let isOld = Self.prefixed.contains { option($0, section: profile) != nil }
    let isNew = Self.prefixed.contains { option("dhcore_" + $0, section: profile) != nil }
    return [isOld && !isNew ? member : "dhcore_" + member]
  }

  /// The file's bytes with these keys of one profile set: replaced where they are, else added after the profile's last
  /// key; a profile that is missing is added at the end. Nothing else changes, not even spelling or order. A value with
  /// a line break can't be written and is left out.
  package func setting(_ values: [(key: String, value: String)], profile: String) -> [UInt8] {
    var edits: [(range: Range<Int>, text: String)] = []
    var added: [(key: String, value: String)] = []
    for (key, value) in values where !value.contains(where: \.isNewline) {
      guard let option = option(key, section: profile) else {
        added.append((key, value))
        continue
      }
      guard option.value != value else { continue }
      let isBare = option.valueRange.isEmpty && bytes[..<option.valueRange.lowerBound].last.map(Ascii.isSpace) == false
      edits.append((option.valueRange, (isBare ? " " : "") + value))
      edits += option.continuations.map { (lines[$0], "") }
    }
    if !added.isEmpty { edits.append(addition(added, profile: profile)) }
    var result: [UInt8] = []
    var position = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      result += bytes[position..<edit.range.lowerBound]
      result += Array(edit.text.utf8)
      position = edit.range.upperBound
    }
    return result + bytes[position...]
  }

  private func addition(_ values: [(key: String, value: String)], profile: String) -> (Range<Int>, String) {
    let lineBreak = lineBreak
    guard let section = sections.last(where: { $0.name == profile }) else {
      var text = bytes.isEmpty || endsWithLineBreak(bytes.count) ? "" : lineBreak
      if sections.isEmpty && profile != Self.defaultName {
        text += "[\(Self.defaultName)]" + lineBreak + "current_environment = \(profile)" + lineBreak + lineBreak
      } else if !bytes.isEmpty {
        text += lineBreak
      }
      text += "[\(profile)]" + lineBreak
      for (key, value) in values { text += "\(key) = \(value)" + lineBreak }
      return (bytes.count..<bytes.count, text)
    }
    let line = section.options.last?.lastLine ?? section.line
    let place = lines[line].upperBound
    // The same indentation as its neighbour's: any other could make the next line continue this value.
    let indent = String(repeating: " ", count: section.options.last?.indent ?? section.indent)
    let isOpen = !endsWithLineBreak(place)
    let added = values.map { indent + "\($0.key) = \($0.value)" }.joined(separator: lineBreak)
    return (place..<place, isOpen ? lineBreak + added : added + lineBreak)
  }

  private func endsWithLineBreak(_ end: Int) -> Bool {
    end > 0 && (bytes[end - 1] == Ascii.lineFeed || bytes[end - 1] == Ascii.carriageReturn)
  }

  /// The file's own, by its first line.
  private var lineBreak: String {
    guard let end = lines.first?.upperBound, endsWithLineBreak(end) else { return "\n" }
    if bytes[end - 1] == Ascii.carriageReturn { return "\r" }
    return end > 1 && bytes[end - 2] == Ascii.carriageReturn ? "\r\n" : "\n"
  }
}
