/// The places that SDK and dhcli keep their configuration in, and which of them wins (SDK 0.14 and 0.15): for
/// configuration the environment over the ini file, for credentials the ini file over the environment. The `.env`
/// beside the ini file, which the SDK loads only after a refresh of its own, comes last in both.
struct CoreSources {
  let environment: [String: String]
  let file: DHCoreFile?
  let filePath: String
  let profile: String
  let dotEnv: DotEnvFile?
  let dotEnvPath: String

  /// The first of these variables that is set; the keys of the file are the variables in lower case, and `keys`.
  func configuration(_ variables: [String], keys: [String] = []) -> Setting<String>? {
    fromEnvironment(variables) ?? fromFile(variables, keys) ?? fromDotEnv(variables)
  }

  func credential(_ variables: [String], keys: [String] = []) -> Setting<Secret>? {
    (fromFile(variables, keys) ?? fromEnvironment(variables) ?? fromDotEnv(variables)).map(Self.secret)
  }

  func fromEnvironment(_ variables: [String]) -> Setting<String>? {
    for name in variables {
      if let value = environment[name], !value.isEmpty { return Setting(value, from: .environment(name)) }
    }
    return nil
  }

  func fromFile(_ variables: [String], _ keys: [String] = []) -> Setting<String>? {
    file?.entry(variables + keys, profile: profile).map {
      Setting($0.value, from: .file(path: filePath, line: $0.line))
    }
  }

  private func fromDotEnv(_ variables: [String]) -> Setting<String>? {
    for name in variables {
      if let entry = dotEnv?[name] { return Setting(entry.value, from: .file(path: dotEnvPath, line: entry.line)) }
    }
    return nil
  }

  static func secret(_ setting: Setting<String>) -> Setting<Secret> {
    Setting(Secret(setting.value), from: setting.origin)
  }

  /// By the SDK's names and order.
  var credential: CoreCredential {
    CoreCredential(
      personalAccessToken: credential(CoreVariables.personalAccessToken),
      access: credential(CoreVariables.accessToken, keys: ["access_token"]),
      refresh: credential(CoreVariables.refreshToken, keys: ["refresh_token"]),
      user: fromFile(CoreVariables.user) ?? fromEnvironment(CoreVariables.user) ?? fromDotEnv(CoreVariables.user),
      password: credential(CoreVariables.password)
    )
  }

  /// Of the environment alone, to which the SDK turns when the server refuses the file's.
  var environmentCredential: CoreCredential {
    CoreCredential(
      personalAccessToken: fromEnvironment(CoreVariables.personalAccessToken).map(Self.secret),
      access: fromEnvironment(CoreVariables.accessToken).map(Self.secret),
      refresh: fromEnvironment(CoreVariables.refreshToken).map(Self.secret),
      user: fromEnvironment(CoreVariables.user),
      password: fromEnvironment(CoreVariables.password).map(Self.secret)
    )
  }

  var storage: Settings.Core.Storage {
    var storage = Settings.Core.Storage()
    storage.endpoint = configuration(["AWS_ENDPOINT_URL", "S3_ENDPOINT_URL"])
    storage.region = configuration(["AWS_REGION", "S3_REGION"])
    storage.bucket = configuration(["S3_BUCKET", "S3_BUCKET_NAME"])
    storage.accessKey = credential(["AWS_ACCESS_KEY_ID"]).map { Setting($0.value.exposed, from: $0.origin) }
    storage.secretKey = credential(["AWS_SECRET_ACCESS_KEY"])
    storage.sessionToken = credential(["AWS_SESSION_TOKEN"])
    storage.expiration = credential(["AWS_CREDENTIALS_EXPIRATION"]).map { Setting($0.value.exposed, from: $0.origin) }
    storage.pathStyle = configuration(["S3_PATH_STYLE"]).map { setting in
      Setting(["1", "true", "yes", "on"].contains(setting.value.lowercased()), from: setting.origin)
    }
    return storage
  }
}

/// The names that more than one place needs. The ini file has them in any case.
enum CoreVariables {
  static let endpoint = ["DHCORE_ENDPOINT"]
  static let personalAccessToken = ["DHCORE_PERSONAL_ACCESS_TOKEN", "DHCORE_PAT"]
  static let accessToken = ["DHCORE_ACCESS_TOKEN"]
  static let refreshToken = ["DHCORE_REFRESH_TOKEN"]
  static let user = ["DHCORE_USER"]
  static let password = ["DHCORE_PASSWORD"]
}
