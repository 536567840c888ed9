internal import FoundationEssentials
package import HTTP
package import Model
package import Settings

/// The header that says to Core who is calling, and its renewal. Nothing is read or contacted before it is needed.
///
/// A caller takes `header()` for each request; after a 401 it gives `renewed(rejected:)` the header that it sent, and
/// repeats the request once with the new one. However many calls are rejected at once, one renewal serves all.
package actor CoreAuthorization {
  let core: Settings.Core
  let warn: @Sendable (String) -> Void
  let endpoint: TokenEndpoint
  private(set) var credential: CoreCredential
  /// Tried once, when `credential` fails for good.
  var alternative: CoreCredential
  /// The access token that is in use; nil: none, or not had yet.
  var access: Secret?
  var refresh: Secret?
  var handedOut: StorageCredentials?
  /// Whether the token endpoint has answered at all.
  var hasAnswer = false
  /// Access tokens that were in use: what the ini file still has of them is no news.
  var spent: Set<Secret> = []
  /// Personal access tokens and refresh tokens that the token endpoint refused for good.
  var refused: [Secret: SidecarError] = [:]
  private var renewal: Task<Result<Void, SidecarError>, Never>?

  /// `warn` gets a line for the log: what went wrong without the call failing. Never with a token in it.
  package init(core: Settings.Core, transport: HTTPTransport, warn: @escaping @Sendable (String) -> Void) {
    self.core = core
    self.warn = warn
    endpoint = TokenEndpoint(core: core, transport: transport)
    credential = core.credential
    alternative = core.alternative
    switch core.credential {
    case .accessAndRefresh(let access, let refresh): (self.access, self.refresh) = (access.value, refresh.value)
    case .access(let access): self.access = access.value
    case .personalAccessToken, .basic, .none: break
    }
  }

  /// The value of `Authorization`; nil where there is no credential. A personal access token is exchanged on first use.
  /// Throws `credentials_rejected` or `login_unavailable`, where that fails.
  package func header() async throws(SidecarError) -> String? {
    if case .personalAccessToken = credential, access == nil {
      try await renew()
    }
    return current
  }

  /// The header to use instead of one that the server answered with 401. Throws `credentials_missing`,
  /// `credentials_rejected` or `credentials_expired`, which say what was tried and where it came from, or
  /// `login_unavailable`, after which it may be asked again.
  package func renewed(rejected: String?) async throws(SidecarError) -> String? {
    // Whoever was rejected with an older header has only missed the renewal.
    if renewal == nil, let current, current != rejected { return current }
    try await renew()
    return current
  }

  /// The keys to the project's S3 store: those that the token endpoint handed out, else those that are configured; nil
  /// where there are none. Keys that have ended are renewed with the token. Throws as `header()` and `renewed` do.
  package func storageCredentials() async throws(SidecarError) -> StorageCredentials? {
    _ = try await header()
    let known = handedOut ?? StorageCredentials(core.storage)
    guard isRenewable, known?.hasEnded ?? !hasAnswer else { return known }
    try await renew()
    return handedOut ?? known
  }

  /// The error for a 401 that renewal did not help, and for a 403, with the server's words.
  package func refusal(status: Int, words: String?) -> SidecarError {
    var error = status == 403 ? CredentialRefusal.forbidden(credential) : CredentialRefusal.rejected(credential)
    error.cause = words.map { String(redacted($0).prefix(500)) }
    return error
  }

  // MARK: State

  var current: String? {
    if case .basic(let user, let password) = credential {
      return "Basic " + Data("\(user.value):\(password.value.exposed)".utf8).base64EncodedString()
    }
    return access.map { "Bearer " + $0.exposed }
  }

  private var isRenewable: Bool {
    if case .personalAccessToken = credential { true } else { refresh != nil }
  }

  /// From now on this one; a personal access token has to be exchanged first.
  func turn(to credential: CoreCredential) {
    self.credential = credential
    switch credential {
    case .accessAndRefresh(let access, let refresh): (self.access, self.refresh) = (access.value, refresh.value)
    case .access(let access): (self.access, refresh) = (access.value, nil)
    case .personalAccessToken, .basic, .none: (access, refresh) = (nil, nil)
    }
  }

  private func renew() async throws(SidecarError) {
    // A task of its own: whoever started it may be cancelled, and the refresh token is then used up all the same.
    let task = renewal ?? Task { await self.renewNow() }
    renewal = task
    try await task.value.get()
  }

  private func renewNow() async -> Result<Void, SidecarError> {
    defer { renewal = nil }
    do {
      try await renewCredential()
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}
