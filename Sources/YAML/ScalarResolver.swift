internal import JSON

/// What a scalar without quotes is: YAML 1.2.2's core schema (section 10.3.2), so `yes`, `on` and dates are strings.
enum ScalarResolver {
  /// Nil for what JSON has no value for: infinities and NaN.
  static func plain(_ text: String) -> JSONValue? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    let bytes = Array(text.utf8)
    if let integer = integer(bytes) { return integer }
    if let number = float(bytes) { return number }
    return isNotFinite(text) ? nil : .string(text)
  }

  /// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`. Beyond 64 bits a decimal one keeps its digits.
  static func integer(_ bytes: [UInt8]) -> JSONValue? {
    if bytes.starts(with: Array("0o".utf8)) || bytes.starts(with: Array("0x".utf8)) {
      let radix = bytes[1] == UInt8(ascii: "o") ? 8 : 16
      let digits = bytes.dropFirst(2)
      guard digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else { return nil }
      // Larger ones have no short form in JSON; they stay text.
      return Int(String(decoding: digits, as: UTF8.self), radix: radix).map { .integer($0) }
    }
    let (isNegative, digits) = unsigned(bytes)
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
    let literal = (isNegative ? "-" : "") + withoutLeadingZeros(digits)
    if literal == "-0" { return .integer(0) }
    return Int(literal).map { .integer($0) } ?? .number(JSONNumber(uncheckedLiteral: literal))
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, as RFC 8259 writes it.
  static func float(_ bytes: [UInt8]) -> JSONValue? {
    let (isNegative, rest) = unsigned(bytes)
    let mantissaEnd = rest.firstIndex { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") } ?? rest.endIndex
    let mantissa = rest[..<mantissaEnd]
    let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.endIndex
    let whole = mantissa[..<point]
    let fraction = mantissa[point...].dropFirst()
    guard whole.allSatisfy(isDigit), fraction.allSatisfy(isDigit), !(whole.isEmpty && fraction.isEmpty) else {
      return nil
    }
    var literal = (isNegative ? "-" : "") + withoutLeadingZeros(whole)
    if !fraction.isEmpty { literal += "." + String(decoding: fraction, as: UTF8.self) }
    if mantissaEnd != rest.endIndex {
      let (negativeExponent, exponent) = unsigned(Array(rest[mantissaEnd...].dropFirst()))
      guard !exponent.isEmpty, exponent.allSatisfy(isDigit) else { return nil }
      literal += "e" + (negativeExponent ? "-" : "") + String(decoding: exponent, as: UTF8.self)
    } else if fraction.isEmpty {
      literal += ".0"
    }
    return .number(JSONNumber(uncheckedLiteral: literal))
  }

  private static func isNotFinite(_ text: String) -> Bool {
    let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.dropFirst()) : text
    return [".inf", ".Inf", ".INF"].contains(unsigned) || [".nan", ".NaN", ".NAN"].contains(text)
  }

  private static func unsigned(_ bytes: [UInt8]) -> (isNegative: Bool, digits: ArraySlice<UInt8>) {
    switch bytes.first {
    case UInt8(ascii: "-"): (true, bytes.dropFirst())
    case UInt8(ascii: "+"): (false, bytes.dropFirst())
    default: (false, bytes[...])
    }
  }

  private static func withoutLeadingZeros(_ digits: ArraySlice<UInt8>) -> String {
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    return significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
