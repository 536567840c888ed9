extension JSONReader {
  /// RFC 8259, section 7, from the opening quote to behind the closing one.
  mutating func string() throws(JSONParseError) -> String {
    position += 1
    let start = position
    try skipPlain()
    guard position < bytes.count else { throw error("the text ends within a string") }
    if bytes[position] == UInt8(ascii: "\"") {
      position += 1
      return text(start..<position - 1)
    }
    return try stringWithEscapes(from: start)
  }

  /// Called at the first backslash.
  private mutating func stringWithEscapes(from start: Int) throws(JSONParseError) -> String {
    var unescaped = Array(bytes[start..<position])
    while true {
      guard position < bytes.count else { throw error("the text ends within a string") }
      if bytes[position] == UInt8(ascii: "\"") {
        position += 1
        return String(decoding: unescaped, as: UTF8.self)
      }
      try appendEscape(to: &unescaped)
      let start = position
      try skipPlain()
      unescaped.append(contentsOf: bytes[start..<position])
    }
  }

  /// Steps to the next quote or backslash, or the end; refuses control characters and invalid UTF-8.
  private mutating func skipPlain() throws(JSONParseError) {
    while true {
      while bytes.count - position >= 8, let base = bytes.baseAddress {
        let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
        if Self.hasSpecialByte(word) { break }
        position += 8
      }
      guard position < bytes.count else { return }
      switch bytes[position] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
      case 0..<0x20:
        throw error("\(found()) within a string, where control characters must be escaped")
      case 0x80...: try skipMultibyte()
      default: position += 1
      }
    }
  }

  /// Whether any of eight bytes is a quote, a backslash, a control character or not ASCII. May be wrong only in saying
  /// yes (a borrow can mark the byte above a true hit), and then the bytes are looked at one by one.
  @inline(__always)
  private static func hasSpecialByte(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highBits: UInt64 = 0x8080_8080_8080_8080
    let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let controls = (word &- ones &* 0x20) & ~word
    return (word | controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & highBits != 0
  }

  /// One character of two to four bytes, by the table of well-formed sequences (Unicode 15, table 3-7; RFC 3629, 4).
  private mutating func skipMultibyte() throws(JSONParseError) {
    let (count, second): (Int, ClosedRange<UInt8>) =
      switch bytes[position] {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE, 0xEF: (3, 0x80...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: throw error("\(found()), which starts no UTF-8 character", code: .invalidUTF8)
      }
    guard bytes.count - position >= count else {
      throw error("the text ends within a UTF-8 character", code: .invalidUTF8)
    }
    guard second.contains(bytes[position + 1]),
      (2..<count).allSatisfy({ bytes[position + $0] & 0xC0 == 0x80 })
    else { throw error("\(found()), followed by no valid rest of a UTF-8 character", code: .invalidUTF8) }
    position += count
  }

  // MARK: Escapes

  private mutating func appendEscape(to unescaped: inout [UInt8]) throws(JSONParseError) {
    let start = position
    position += 1
    guard position < bytes.count else { throw error("the text ends within an escape") }
    let letter = bytes[position]
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      position += 1
      try appendScalar(escapedAt: start, to: &unescaped)
      return
    default: throw error("\(found()) after a backslash, where one of \"\\/bfnrtu is expected")
    }
    position += 1
  }

  /// The hexadecimal digits of one `\u` escape, or of two that form a surrogate pair.
  private mutating func appendScalar(escapedAt start: Int, to unescaped: inout [UInt8]) throws(JSONParseError) {
    let unit = try hexadecimalUnit()
    var code = UInt32(unit)
    if unit & 0xFC00 == 0xD800 {
      guard skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else { throw loneSurrogate(at: start) }
      let low = try hexadecimalUnit()
      guard low & 0xFC00 == 0xDC00 else { throw loneSurrogate(at: start) }
      code = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF))
    }
    guard let scalar = UnicodeScalar(code) else { throw loneSurrogate(at: start) }
    unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private mutating func hexadecimalUnit() throws(JSONParseError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Self.hexadecimalDigit(byte) else {
        throw error("\(found()) where four hexadecimal digits are expected")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private func loneSurrogate(at offset: Int) -> JSONParseError {
    JSONParseError(code: .syntax, message: "an escaped surrogate without its other half", offset: offset)
  }
}
