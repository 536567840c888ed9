package import Model

/// Why a function's source can't be had or stored, for a person.
package struct SourceError: Error, Sendable, Hashable {
  package let message: String
  /// The remedy.
  package let hint: String?
  /// A store's or the system's own words.
  package let cause: String?
  /// The store's own code where it answered with one: `ExpiredToken`, `NoSuchBucket`, ….
  package let storeCode: String?

  package init(_ message: String, hint: String? = nil, cause: String? = nil, storeCode: String? = nil) {
    self.message = message
    self.hint = hint
    self.cause = cause
    self.storeCode = storeCode
  }

  /// The credentials were good once: fetching them anew and trying again is worth it.
  package var isExpiredCredentials: Bool {
    ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(storeCode)
  }

  /// As callers of a method get it.
  package var sidecarError: SidecarError {
    SidecarError(.sourceError, message, hint: hint, cause: cause)
  }
}
