extension JSONValue {
  /// How a document is laid out.
  package struct Style: Sendable {
    /// Two-space indentation instead of one line.
    package var pretty: Bool
    /// Members by name instead of in their own order.
    package var sortedKeys: Bool

    package static let compact = Style(pretty: false, sortedKeys: false)
    package static let canonical = Style(pretty: false, sortedKeys: true)
    package static let golden = Style(pretty: true, sortedKeys: true)
    package static let readable = Style(pretty: true, sortedKeys: false)
  }

  /// Appends the document to `bytes`. One line in the compact style: no raw newline is ever inside.
  package func write(to bytes: inout [UInt8], style: Style = .compact) {
    write(to: &bytes, style: style, level: 0)
  }

  package func serialized(_ style: Style = .compact) -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, style: style)
    return bytes
  }

  package func text(_ style: Style = .compact) -> String { String(decoding: serialized(style), as: UTF8.self) }

  private func write(to bytes: inout [UInt8], style: Style, level: Int) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    case .integer(let value): Self.write(value, to: &bytes)
    case .number(let value): bytes.append(contentsOf: value.literal.utf8)
    case .string(let value): Self.write(value, to: &bytes)
    case .array(let elements): Self.write(elements, to: &bytes, style: style, level: level)
    case .object(let members): Self.write(members, to: &bytes, style: style, level: level)
    }
  }

  private static func write(_ elements: [JSONValue], to bytes: inout [UInt8], style: Style, level: Int) {
    bytes.append(UInt8(ascii: "["))
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      newLine(to: &bytes, style: style, level: level + 1)
      element.write(to: &bytes, style: style, level: level + 1)
    }
    if !isFirst { newLine(to: &bytes, style: style, level: level) }
    bytes.append(UInt8(ascii: "]"))
  }

  private static func write(_ object: JSONObject, to bytes: inout [UInt8], style: Style, level: Int) {
    let members =
      style.sortedKeys
      ? object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : object.members
    bytes.append(UInt8(ascii: "{"))
    var isFirst = true
    for member in members {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      newLine(to: &bytes, style: style, level: level + 1)
      write(member.name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      if style.pretty { bytes.append(UInt8(ascii: " ")) }
      member.value.write(to: &bytes, style: style, level: level + 1)
    }
    if !isFirst { newLine(to: &bytes, style: style, level: level) }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func newLine(to bytes: inout [UInt8], style: Style, level: Int) {
    guard style.pretty else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: 2 * level))
  }

  private static func write(_ integer: Int, to bytes: inout [UInt8]) {
    if integer < 0 { bytes.append(UInt8(ascii: "-")) }
    var magnitude = integer.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(magnitude % 10))
      magnitude /= 10
    } while magnitude > 0
    bytes[start...].reverse()
  }

  // MARK: Strings

  /// Escapes what RFC 8259, section 7 demands, and DEL, which terminals act upon; all else is plain UTF-8.
  private static func write(_ string: String, to bytes: inout [UInt8]) {
    var string = string
    bytes.append(UInt8(ascii: "\""))
    string.withUTF8 { utf8 in
      var start = 0
      for index in utf8.indices where needsEscape[Int(utf8[index])] {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
        appendEscape(of: utf8[index], to: &bytes)
        start = index + 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static let needsEscape: [Bool] = (0..<256).map {
    $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F
  }

  private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    default:
      bytes.append(contentsOf: "u00".utf8)
      for digit in [byte >> 4, byte & 0xF] {
        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
