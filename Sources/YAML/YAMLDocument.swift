package import JSON

/// One document of a YAML text, as a JSON value.
///
/// Scalars are those of YAML 1.2's core schema; anchors and aliases are replaced by their values; duplicate keys,
/// merge keys (`<<`), keys that are no scalars, infinities and tags other than the core schema's are refused.
package struct YAMLDocument: Sendable {
  package var value: JSONValue
  /// Where the document begins.
  package var position: YAMLPosition
  /// Where each value begins (of a member: its key), by JSON Pointer. What an alias stands for has only its own place.
  package var positions: [JSONPointer: YAMLPosition]

  /// The only document of a text. A text without any (empty, or comments only) is null.
  package init(parsing bytes: [UInt8], limits: YAMLLimits = .standard) throws(YAMLError) {
    let documents = try Self.all(in: bytes, limits: limits)
    if documents.count > 1 {
      throw YAMLError(
        code: .documentCount,
        message: "the text has \(documents.count) documents; one is expected",
        position: documents[1].position
      )
    }
    self =
      documents.first
      ?? YAMLDocument(value: .null, position: YAMLPosition(line: 1, column: 1), positions: [:])
  }

  package init(parsing text: String, limits: YAMLLimits = .standard) throws(YAMLError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// Every document of a text (`---` between them). The limits are for all of them together.
  package static func all(in bytes: [UInt8], limits: YAMLLimits = .standard) throws(YAMLError) -> [YAMLDocument] {
    var composer = try Composer(bytes, limits: limits)
    return try composer.documents()
  }

  init(value: JSONValue, position: YAMLPosition, positions: [JSONPointer: YAMLPosition]) {
    self.value = value
    self.position = position
    self.positions = positions
  }
}
