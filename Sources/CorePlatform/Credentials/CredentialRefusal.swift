internal import Model
internal import Settings

/// What to say to a person whose credential did not do. Names it and its place, never its value.
enum CredentialRefusal {
  /// A 401 that nothing can be done about.
  static func rejected(_ credential: CoreCredential) -> SidecarError {
    switch credential {
    case .none:
      SidecarError(.credentialsMissing, "The server wants a credential, and none is configured.", hint: loginHint)
    case .access:
      SidecarError(
        .credentialsExpired,
        "The server does not accept the access token (\(credential.origin)), and there is no refresh token to renew it.",
        hint: loginHint
      )
    case .accessAndRefresh:
      SidecarError(
        .credentialsRejected,
        "The server does not accept the access token (\(credential.origin)), though it is new.",
        hint: "check that DHCORE_ENDPOINT and DHCORE_ISSUER belong together, then run `dhcli login`"
      )
    case .personalAccessToken:
      SidecarError(
        .credentialsRejected,
        "The server does not accept what the personal access token (\(credential.origin)) was exchanged for.",
        hint: "check that DHCORE_ENDPOINT and DHCORE_ISSUER belong together"
      )
    case .basic(let user, _):
      SidecarError(
        .credentialsRejected,
        "The server does not accept the user \(user.value) (\(user.origin)) with the password (\(credential.origin)).",
        hint: "mend DHCORE_USER and DHCORE_PASSWORD"
      )
    }
  }

  /// The token endpoint refused.
  static func expired(_ credential: CoreCredential) -> SidecarError {
    if case .personalAccessToken = credential {
      return SidecarError(
        .credentialsRejected,
        "The server does not accept the personal access token (\(credential.origin)).",
        hint: "make a new one in the console, and set DHCORE_PERSONAL_ACCESS_TOKEN"
      )
    }
    return SidecarError(
      .credentialsExpired,
      "The access token (\(credential.origin)) has expired, and its refresh token is no longer accepted.",
      hint: loginHint
    )
  }

  /// Nobody knows where or how to renew.
  static func unrenewable(_ credential: CoreCredential, _ reason: String, hint: String) -> SidecarError {
    if case .personalAccessToken = credential {
      return SidecarError(
        .credentialsRejected,
        "The personal access token (\(credential.origin)) can't be exchanged: \(reason).",
        hint: hint
      )
    }
    return SidecarError(
      .credentialsExpired,
      "The access token (\(credential.origin)) has expired and can't be renewed: \(reason).",
      hint: hint
    )
  }

  /// A 403. To a wrong password Core answers so too, never with 401.
  static func forbidden(_ credential: CoreCredential) -> SidecarError {
    // And to no credential at all.
    if case .none = credential { return rejected(credential) }
    if case .basic(let user, _) = credential {
      return SidecarError(
        .forbidden,
        "The server does not let the user \(user.value) (\(user.origin)) do this, or does not accept the password.",
        hint: "check DHCORE_USER and DHCORE_PASSWORD, or ask the project's owner for a role"
      )
    }
    return SidecarError(
      .forbidden,
      "The server does not allow this with the credential that it got: \(credential).",
      hint: "ask the project's owner for a role, or use another credential"
    )
  }

  private static let loginHint = "run `dhcli login`, or set DHCORE_PERSONAL_ACCESS_TOKEN"
}
