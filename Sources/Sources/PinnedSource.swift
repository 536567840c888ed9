/// A source, and the SHA-256 that its file has to have: `https://host/file#sha256=…`, likewise `zip+https`, `s3` and
/// `zip+s3`. What stands behind `#` in git's URIs is the ref, and a commit's hash pins it; a path here may hold a `#`.
package struct PinnedSource: Sendable, Hashable {
  package let source: CodeSource
  /// 64 lower-case hexadecimal digits.
  package let sha256: String?

  /// Throws a `SourceError` that names `code_src`.
  package init(_ text: String) throws(SourceError) {
    let whole = try CodeSource(text)
    guard Self.canBePinned(whole), let mark = text.range(ofLast: Self.mark) else {
      source = whole
      sha256 = nil
      return
    }
    let pin = text[mark.upperBound...].lowercased()
    guard pin.utf8.count == 64, pin.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw SourceError(
        "`code_src` ends in #sha256= without a checksum",
        hint: "write the 64 hexadecimal digits that sha256sum gives for the file, or leave #sha256= out"
      )
    }
    source = try CodeSource(String(text[..<mark.lowerBound]))
    sha256 = pin
  }

  private static let mark = "#sha256="

  private static func canBePinned(_ source: CodeSource) -> Bool {
    switch source {
    case .http, .s3: true
    case .local, .git, .reference: false
    }
  }
}

extension String {
  fileprivate func range(ofLast mark: String) -> Range<Index>? { ranges(of: mark).last }
}
