/// A place in a JSON document (RFC 6901).
package struct JSONPointer: Sendable, Hashable {
  /// Member names and array indices, unescaped, from the root on. Empty: the whole document.
  package var tokens: [String]

  /// The whole document.
  package static let root = JSONPointer(tokens: [])

  package init(tokens: [String]) { self.tokens = tokens }

  /// Parses `/a~1b/0`. Throws where the text neither is empty nor starts with `/`, or has a `~` that neither `0` nor
  /// `1` follows (RFC 6901, section 3).
  package init(parsing text: String) throws(JSONPointerError) {
    guard !text.isEmpty else {
      self = .root
      return
    }
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw JSONPointerError(message: "a JSON Pointer is empty or starts with '/', unlike \(JSONReader.quoted(text))")
    }
    var tokens: [String] = []
    for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      tokens.append(try Self.unescaped(part))
    }
    self.tokens = tokens
  }

  private static func unescaped(_ part: Substring.UTF8View) throws(JSONPointerError) -> String {
    guard part.contains(UInt8(ascii: "~")) else { return String(Substring(part)) }
    var bytes: [UInt8] = []
    var rest = part.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "~") else {
        bytes.append(byte)
        continue
      }
      switch rest.next() {
      case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
      default: throw JSONPointerError(message: "in a JSON Pointer '~' is written '~0' and '/' within a name '~1'")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  package func appending(_ token: String) -> JSONPointer { JSONPointer(tokens: tokens + [token]) }
  package func appending(_ index: Int) -> JSONPointer { appending(String(index)) }
  package func appending(_ other: JSONPointer) -> JSONPointer { JSONPointer(tokens: tokens + other.tokens) }
  package static func / (left: JSONPointer, right: String) -> JSONPointer { left.appending(right) }
  package static func / (left: JSONPointer, right: Int) -> JSONPointer { left.appending(right) }

  /// One level up; nil for the root.
  package var parent: JSONPointer? { tokens.isEmpty ? nil : JSONPointer(tokens: tokens.dropLast()) }
}

/// Why a text is no JSON Pointer.
package struct JSONPointerError: Error, Sendable, Hashable {
  package let message: String
}

extension JSONPointer: CustomStringConvertible {
  /// As RFC 6901 writes it: `/a~1b/0`.
  package var description: String {
    var text = ""
    for token in tokens {
      text += "/"
      for scalar in token.unicodeScalars {
        switch scalar {
        case "~": text += "~0"
        case "/": text += "~1"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}

extension JSONValue {
  /// The value at a place; nil where there is none. An index is digits without leading zeros (RFC 6901, section 4); `-`,
  /// the place behind the last element, never has a value.
  package subscript(pointer: JSONPointer) -> JSONValue? {
    var value = self
    for token in pointer.tokens {
      switch value {
      case .object(let object):
        guard let member = object[token] else { return nil }
        value = member
      case .array(let elements):
        guard let index = Self.arrayIndex(token), index < elements.count else { return nil }
        value = elements[index]
      default: return nil
      }
    }
    return value
  }

  private static func arrayIndex(_ token: String) -> Int? {
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), token == "0" || !token.hasPrefix("0")
    else { return nil }
    return Int(token)
  }
}
