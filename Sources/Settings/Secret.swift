/// A password, token or key. Whatever prints it, in a log, an error or a debugger, shows that it is set and no more.
package struct Secret: Sendable, Hashable {
  /// The text itself: for the request that needs it, and for nothing else.
  package let exposed: String

  package init(_ text: String) { exposed = text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "***" }
  package var debugDescription: String { "***" }
  /// `dump` and string interpolation of what holds it go by the mirror.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
