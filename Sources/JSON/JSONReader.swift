/// A recursive descent over the bytes of one document; lives no longer than the closure that lends it the bytes.
struct JSONReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// Levels of nesting that may still be opened.
  private var depthLeft: Int
  private let depthLimit: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
    depthLeft = depthLimit
  }

  mutating func document() throws(JSONParseError) -> JSONValue {
    try refuseOtherEncodings()
    skipWhitespace()
    let value = try self.value()
    skipWhitespace()
    guard position == bytes.count else {
      throw error("\(found()) after the end of the document")
    }
    return value
  }

  private func refuseOtherEncodings() throws(JSONParseError) {
    guard bytes.count >= 2 else { return }
    switch (bytes[0], bytes[1]) {
    case (0xEF, 0xBB) where bytes.count >= 3 && bytes[2] == 0xBF:
      throw error("the text starts with a byte order mark (EF BB BF); send UTF-8 without one")
    case (0xFE, 0xFF), (0xFF, 0xFE), (0, 1...), (1..., 0):
      throw error("this looks like UTF-16 or UTF-32; send UTF-8", code: .invalidUTF8)
    default: return
    }
  }

  // MARK: Values

  private mutating func value() throws(JSONParseError) -> JSONValue {
    guard position < bytes.count else { throw error("the text ends where a value is expected") }
    switch bytes[position] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t") where skip("true"): return .bool(true)
    case UInt8(ascii: "f") where skip("false"): return .bool(false)
    case UInt8(ascii: "n") where skip("null"): return .null
    default: throw error("\(found()) where a value is expected\(hint())")
    }
  }

  private mutating func array() throws(JSONParseError) -> JSONValue {
    try enter()
    var elements: [JSONValue] = []
    skipWhitespace()
    if skip(UInt8(ascii: "]")) {
      depthLeft += 1
      return .array(elements)
    }
    while true {
      elements.append(try value())
      skipWhitespace()
      if skip(UInt8(ascii: ",")) {
        skipWhitespace()
        if peek() == UInt8(ascii: "]") { throw error("a comma before ']' (JSON has no trailing commas)") }
      } else if skip(UInt8(ascii: "]")) {
        depthLeft += 1
        return .array(elements)
      } else {
        throw error("\(found()) where ',' or ']' is expected")
      }
    }
  }

  private mutating func object() throws(JSONParseError) -> JSONValue {
    try enter()
    var members = JSONObject()
    skipWhitespace()
    if skip(UInt8(ascii: "}")) {
      depthLeft += 1
      return .object(members)
    }
    while true {
      let start = position
      guard peek() == UInt8(ascii: "\"") else {
        throw error("\(found()) where a member's name in double quotes is expected")
      }
      let name = try string()
      skipWhitespace()
      guard skip(UInt8(ascii: ":")) else { throw error("\(found()) where ':' is expected") }
      skipWhitespace()
      guard members.appendIfNew(name, try value()) else {
        throw JSONParseError(
          code: .duplicateKey,
          message: "the member \(Self.quoted(name)) is given twice",
          offset: start
        )
      }
      skipWhitespace()
      if skip(UInt8(ascii: ",")) {
        skipWhitespace()
        if peek() == UInt8(ascii: "}") { throw error("a comma before '}' (JSON has no trailing commas)") }
      } else if skip(UInt8(ascii: "}")) {
        depthLeft += 1
        return .object(members)
      } else {
        throw error("\(found()) where ',' or '}' is expected")
      }
    }
  }

  /// Steps over the bracket.
  private mutating func enter() throws(JSONParseError) {
    guard depthLeft > 0 else {
      throw error("nested deeper than \(depthLimit) levels", code: .tooDeep)
    }
    depthLeft -= 1
    position += 1
  }

  // MARK: Numbers

  /// RFC 8259, section 6: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
  private mutating func number() throws(JSONParseError) -> JSONValue {
    let start = position
    let isNegative = skip(UInt8(ascii: "-"))
    var magnitude: UInt64 = 0
    var fits = true
    guard let first = digit() else { throw error("\(found()) where a digit is expected\(hint())") }
    position += 1
    if first == 0 {
      if digit() != nil { throw error("a number with a leading zero") }
    } else {
      magnitude = UInt64(first)
      while let digit = digit() {
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        fits = fits && !overflow && !carry
        magnitude = sum
        position += 1
      }
    }
    let isInteger = try !fractionAndExponent()
    if isInteger, fits, !(isNegative && magnitude == 0) {
      if !isNegative, magnitude <= UInt64(Int.max) { return .integer(Int(magnitude)) }
      if isNegative, magnitude <= Int.min.magnitude { return .integer(Int(truncatingIfNeeded: 0 &- magnitude)) }
    }
    return .number(JSONNumber(uncheckedLiteral: text(start..<position)))
  }

  /// Steps over what follows the integer part; whether there was anything.
  private mutating func fractionAndExponent() throws(JSONParseError) -> Bool {
    var any = false
    if skip(UInt8(ascii: ".")) {
      any = true
      try digits("after the decimal point")
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      any = true
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      try digits("in the exponent")
    }
    return any
  }

  private mutating func digits(_ place: String) throws(JSONParseError) {
    guard digit() != nil else { throw error("\(found()) where a digit is expected \(place)") }
    while digit() != nil { position += 1 }
  }

  private func digit() -> UInt8? {
    guard position < bytes.count else { return nil }
    let value = bytes[position] &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  // MARK: Bytes

  func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skip(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += count
    return true
  }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  // MARK: Errors

  func error(_ message: String, code: JSONParseError.Code = .syntax) -> JSONParseError {
    JSONParseError(code: code, message: message, offset: position)
  }

  /// What stands at the position, in words.
  func found() -> String {
    guard position < bytes.count else { return "the text ends" }
    switch bytes[position] {
    case 0x20: return "found a space"
    case 0x0A: return "found a line feed"
    case 0x21...0x7E: return "found '\(UnicodeScalar(bytes[position]))'"
    case let byte: return "found the byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
    }
  }

  /// The usual habits from other notations.
  private func hint() -> String {
    switch peek() {
    case UInt8(ascii: "'"): " (strings take double quotes)"
    case UInt8(ascii: "/"), UInt8(ascii: "#"): " (JSON has no comments)"
    case UInt8(ascii: "N"), UInt8(ascii: "I"): " (JSON has no NaN, Infinity or None; write null)"
    case UInt8(ascii: "T"), UInt8(ascii: "F"): " (write true and false in lower case)"
    case UInt8(ascii: "+"): " (a number has no leading '+')"
    case UInt8(ascii: "."): " (a number starts with a digit)"
    default: ""
    }
  }

  /// A name as a message can show it: escaped, and not longer than a line.
  static func quoted(_ name: String) -> String {
    let shown = name.count > 64 ? name.prefix(64) + "…" : name[...]
    return JSONValue.string(String(shown)).text()
  }
}
