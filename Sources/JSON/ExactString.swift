/// A string that equals another only when its bytes do. Swift's own equality is Unicode's canonical equivalence, for
/// which `é` equals `e` + combining accent: right for a person's text, wrong for ids and member names.
package struct ExactString: Sendable, Hashable, Comparable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (left: ExactString, right: ExactString) -> Bool { left.text.isIdentical(to: right.text) }

  package static func < (left: ExactString, right: ExactString) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xFF as UInt8)
  }
}

extension String {
  /// Equal bytes in UTF-8. Canonical equivalence comes first since it is the cheaper "no" for ASCII.
  package func isIdentical(to other: String) -> Bool {
    utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
  }
}
