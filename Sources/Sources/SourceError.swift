/// Why a function's source can't be had, for a person.
package struct SourceError: Error, Sendable, Hashable {
  package let message: String
  /// The remedy.
  package let hint: String?

  package init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
