/// How the client proves to Core who it is: the first of these that is configured.
package enum CoreCredential: Sendable, Hashable {
  /// Exchanged for an access token at the token endpoint.
  case personalAccessToken(Setting<Secret>)
  case accessAndRefresh(access: Setting<Secret>, refresh: Setting<Secret>)
  /// An access token that nothing can renew.
  case access(Setting<Secret>)
  /// HTTP Basic.
  case basic(user: Setting<String>, password: Setting<Secret>)
  case none

  /// The first match, in the SDK's order.
  init(
    personalAccessToken: Setting<Secret>?,
    access: Setting<Secret>?,
    refresh: Setting<Secret>?,
    user: Setting<String>?,
    password: Setting<Secret>?
  ) {
    if let personalAccessToken {
      self = .personalAccessToken(personalAccessToken)
    } else if let access, let refresh {
      self = .accessAndRefresh(access: access, refresh: refresh)
    } else if let access {
      self = .access(access)
    } else if let user, let password {
      self = .basic(user: user, password: password)
    } else {
      self = .none
    }
  }

  /// What it is, for a person.
  package var name: String {
    switch self {
    case .personalAccessToken: "personal access token"
    case .accessAndRefresh: "access token with refresh token"
    case .access: "access token"
    case .basic: "user and password"
    case .none: "none"
    }
  }

  /// Where it comes from: of a pair, the part that proves who it is.
  package var origin: SettingOrigin {
    switch self {
    case .personalAccessToken(let token), .access(let token), .accessAndRefresh(let token, _): token.origin
    case .basic(_, let password): password.origin
    case .none: .standard
    }
  }

  /// The texts that must never be shown.
  package var secrets: [Secret] {
    switch self {
    case .personalAccessToken(let token), .access(let token): [token.value]
    case .accessAndRefresh(let access, let refresh): [access.value, refresh.value]
    case .basic(_, let password): [password.value]
    case .none: []
    }
  }

  func isSame(as other: CoreCredential) -> Bool { name == other.name && secrets == other.secrets }
}

extension CoreCredential: CustomStringConvertible {
  package var description: String {
    if case .none = self { "none" } else { "\(name), set (\(origin))" }
  }
}
