/// What a document may cost; beyond it, it is refused.
package struct JSONLimits: Sendable {
  /// How deep arrays and objects may nest; never more than `maximumDepth`, whatever is asked for.
  package var depth: Int
  /// Bytes of the whole document.
  package var bytes: Int

  /// The parser, the writer and the release of a value all recurse: this many levels fit any thread's stack.
  package static let maximumDepth = 1000

  package init(depth: Int = 128, bytes: Int = 64 << 20) {
    self.depth = min(max(depth, 0), Self.maximumDepth)
    self.bytes = max(bytes, 0)
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

extension JSONParseError: CustomStringConvertible {
  package var description: String { "\(message), at byte \(offset)" }
}

extension JSONValue {
  /// Parses one document, strictly (RFC 8259): no trailing commas, no duplicate keys (compared after their escapes are
  /// resolved), no lone surrogates, no byte order mark, nothing but whitespace around the value.
  package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONParseError) {
    try self.init(parsing: bytes[...], limits: limits)
  }

  package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONParseError) {
    try self.init(parsing: Array(text.utf8)[...], limits: limits)
  }

  package init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .standard) throws(JSONParseError) {
    guard bytes.count <= limits.bytes else {
      throw JSONParseError(
        code: .tooLarge,
        message: "the document has \(bytes.count) bytes; the limit is \(limits.bytes)",
        offset: limits.bytes
      )
    }
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONParseError) -> JSONValue in
      var reader = JSONReader(buffer, depthLimit: limits.depth)
      return try reader.document()
    }
  }
}
