extension JSONValue {
  /// How a document is laid out.
  package struct Style: Sendable {
    /// Two-space indentation instead of one line.
    package var pretty: Bool
    /// Members by name instead of in their own order.
    package var sortedKeys: Bool

    package static let compact = Style(pretty: false, sortedKeys: false)
    package static let golden = Style(pretty: true, sortedKeys: true)
    package static let readable = Style(pretty: true, sortedKeys: false)
  }

  /// Appends the document to `bytes`. One line in the compact style: no raw newline is ever inside.
  package func write(to bytes: inout [UInt8], style: Style = .compact) {}

  package func serialized(_ style: Style = .compact) -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, style: style)
    return bytes
  }

  package func text(_ style: Style = .compact) -> String { String(decoding: serialized(style), as: UTF8.self) }
}
