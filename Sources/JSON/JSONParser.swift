/// What a document may cost; beyond it, it is refused.
package struct JSONLimits: Sendable {
  /// How deep arrays and objects may nest.
  package var depth: Int
  /// Bytes of the whole document.
  package var bytes: Int

  package init(depth: Int = 128, bytes: Int = 64 << 20) {
    self.depth = depth
    self.bytes = bytes
  }

  package static let standard = JSONLimits()
}

/// Why a text is not JSON, and where.
package struct JSONParseError: Error, Sendable, Hashable {
  package enum Code: String, Sendable {
    case syntax, invalidUTF8, duplicateKey, tooDeep, tooLarge
  }
  package let code: Code
  /// What was found and what was expected, for a person.
  package let message: String
  /// Byte offset from the start of the document.
  package let offset: Int
}

extension JSONValue {
  /// Parses one document, strictly (RFC 8259): no trailing commas, no duplicate keys, no lone surrogates.
  package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONParseError) {
    try self.init(parsing: bytes[...], limits: limits)
  }

  package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONParseError) {
    try self.init(parsing: Array(text.utf8)[...], limits: limits)
  }

  package init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .standard) throws(JSONParseError) {
    throw JSONParseError(code: .syntax, message: "not written yet", offset: bytes.startIndex)
  }
}
