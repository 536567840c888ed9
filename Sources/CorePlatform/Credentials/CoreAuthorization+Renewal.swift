internal import Model
internal import Settings

extension CoreAuthorization {
  /// Gets a token that was not rejected yet, by whatever way the credential has.
  func renewCredential() async throws(SidecarError) {
    switch credential {
    case .personalAccessToken(let token): try await exchange(token.value)
    case .basic: throw CredentialRefusal.rejected(credential)
    case .accessAndRefresh, .access, .none:
      // Other sidecars wait; who had its turn before has left newer tokens in the file.
      let lock = await CredentialLock(for: iniPath, patience: .seconds(core.timeoutSeconds.value))
      var failure: SidecarError?
      do { try await renewTokens() } catch { failure = error }
      lock.release()
      if let failure { throw failure }
    }
  }

  private var iniPath: String { core.ini?.value ?? "" }

  private func exchange(_ token: Secret) async throws(SidecarError) {
    if let error = refused[token] { throw error }
    do {
      take(try await endpoint.exchange(personalAccessToken: token))
    } catch {
      throw remembered(error, of: token)
    }
  }

  private func renewTokens() async throws(SidecarError) {
    if let access { spent.insert(access) }
    // SDK and dhcli don't know the lock: they may use a token up while it is on its way, and leave newer ones.
    while !(await adoptFromFile()) {
      guard let refresh, refused[refresh] == nil else {
        if try await turnToAlternative() { return }
        throw refresh.flatMap { refused[$0] } ?? CredentialRefusal.rejected(credential)
      }
      do {
        return try await renew(with: refresh)
      } catch {
        let described = remembered(error, of: refresh)
        if described.code.retryable { throw described }
        if case .refused = error { await awaitNews() }
      }
    }
  }

  private func renew(with token: Secret) async throws(TokenEndpoint.Failure) {
    let response = try await endpoint.refresh(token)
    take(response)
    await keep(response)
  }

  private func take(_ response: TokenResponse) {
    hasAnswer = true
    access = response.accessToken
    // An endpoint that hands out no new one lets the old one live.
    refresh = response.refreshToken ?? refresh
    handedOut = StorageCredentials(response, configured: core.storage) ?? handedOut
  }

  /// The environment's credential, once the file's is of no more use, as the SDK does.
  private func turnToAlternative() async throws(SidecarError) -> Bool {
    guard alternative != .none else { return false }
    turn(to: alternative)
    alternative = .none
    switch credential {
    case .personalAccessToken(let token):
      try await exchange(token.value)
      return true
    case .basic: return true
    case .accessAndRefresh, .access, .none: break
    }
    if let current, !(await endpoint.isRejected(current)) { return true }
    guard let refresh else { throw CredentialRefusal.rejected(credential) }
    do {
      try await renew(with: refresh)
    } catch {
      throw remembered(error, of: refresh)
    }
    return true
  }

  // MARK: The file

  /// Takes tokens from the ini file that were not in use yet. False where there are none, or where the server does not
  /// accept them either; then they are nonetheless the ones to renew.
  private func adoptFromFile() async -> Bool {
    guard let news else { return false }
    turn(to: news)
    guard let current, await endpoint.isRejected(current) else { return true }
    if let access { spent.insert(access) }
    return false
  }

  /// Who used the token up writes the new ones at once, but later than the endpoint knows of it.
  private func awaitNews() async {
    for _ in 0..<10 {
      if news != nil || !core.iniExists { return }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  /// What another sidecar, the SDK or a new login left in the ini file; nil where it has only what was in use.
  private var news: CoreCredential? {
    guard !iniPath.isEmpty, let file = CredentialFile(path: iniPath).read() else { return nil }
    for prefix in ["dhcore_", ""] {
      guard let entry = file.entry([prefix + "access_token"], profile: core.profile.value),
        TokenResponse.isToken(entry.value), !spent.contains(Secret(entry.value))
      else { continue }
      let access = Setting(Secret(entry.value), from: .file(path: iniPath, line: entry.line))
      let refresh = file.entry([prefix + "refresh_token"], profile: core.profile.value).map { entry in
        Setting(Secret(entry.value), from: .file(path: iniPath, line: entry.line))
      }
      return refresh.map { .accessAndRefresh(access: access, refresh: $0) } ?? .access(access)
    }
    return nil
  }

  /// Leaves the tokens to whoever comes next.
  private func keep(_ response: TokenResponse) async {
    guard !iniPath.isEmpty else { return }
    let profile = core.profile.value
    do {
      try await CredentialFile(path: iniPath).replace { file in
        file.setting(response.values(for: file, profile: profile), profile: profile)
      }
    } catch {
      warn(
        "The renewed tokens can't be written to \(iniPath) (\(error.message)). This process goes on with them, but the "
          + "refresh token that others have is used up: run `dhcli login` before they need it."
      )
    }
  }

  // MARK: Errors

  /// A final refusal holds: asking the endpoint again with the same token would change nothing.
  private func remembered(_ failure: TokenEndpoint.Failure, of token: Secret) -> SidecarError {
    let error = described(failure)
    if !error.code.retryable { refused[token] = error }
    return error
  }

  private func described(_ failure: TokenEndpoint.Failure) -> SidecarError {
    var error: SidecarError
    switch failure {
    case .unknown(let message, let hint):
      error = CredentialRefusal.unrenewable(credential, message, hint: hint)
    case .unavailable(let message):
      error = SidecarError(
        .loginUnavailable,
        "The \(credential.name) (\(credential.origin)) needs the token endpoint, which does not answer as one.",
        hint: "try again; if it stays so, check DHCORE_ISSUER, OAUTH2_TOKEN_ENDPOINT and the network",
        cause: String(redacted(message).prefix(500))
      )
    case .refused(let words):
      error = CredentialRefusal.expired(credential)
      // Cut last: a token that is cut is no longer found.
      error.cause = String(redacted(words).prefix(500))
    }
    return error
  }

  /// Without any token that is known here, should a server repeat one.
  func redacted(_ text: String) -> String {
    var text = text
    var known = core.credential.secrets + core.alternative.secrets + credential.secrets + spent
    known += [access, refresh].compactMap(\.self)
    for secret in known where !secret.exposed.isEmpty { text = text.replacing(secret.exposed, with: "***") }
    return text
  }
}
