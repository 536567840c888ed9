extension Settings {
  /// What is known of a DigitalHub Core server. Where the platform is another one, only what our own settings file and
  /// the environment say of it, unchecked: its ini file is then not looked at.
  package struct Core: Sendable, Hashable {
    /// With http or https, without a slash at its end.
    package var endpoint: Setting<String>?
    /// The section of the ini file.
    package var profile = Setting(DHCoreFile.standardProfile, from: .standard)
    /// The ini file that was read, or the one that renewed tokens are written to; nil: not looked for.
    package var ini: Setting<String>?
    package var iniExists = false
    /// Forces the API level: 13, 14 or 15.
    package var level: Setting<Int>?
    /// Certificates that are trusted beside the system's.
    package var caFile: Setting<String>?
    /// Where folders and large files of sources go: `s3://BUCKET/…`.
    package var filesStore: Setting<String>?
    /// Of one request.
    package var timeoutSeconds = Setting(60, from: .standard)
    package var issuer: Setting<String>?
    package var tokenEndpoint: Setting<String>?
    package var clientID: Setting<String>?
    package var credential = CoreCredential.none
    /// What the environment has where the file's credential came first and is another one.
    package var alternative = CoreCredential.none
    package var storage = Storage()

    package init() {}

    /// An S3 store, and the keys to it.
    package struct Storage: Sendable, Hashable {
      package var endpoint: Setting<String>?
      package var region: Setting<String>?
      package var bucket: Setting<String>?
      package var accessKey: Setting<String>?
      package var secretKey: Setting<Secret>?
      package var sessionToken: Setting<Secret>?
      /// When the keys end, as the server says it (ISO 8601).
      package var expiration: Setting<String>?
      /// The bucket in the path, not in the host name; nil: as the endpoint suggests.
      package var pathStyle: Setting<Bool>?

      package init() {}
    }

    /// Name, value, origin, for `doctor`; of a secret, that it is set.
    var report: [(String, String, SettingOrigin)] {
      var report: [(String, String, SettingOrigin)] = []
      func add<Value>(_ name: String, _ setting: Setting<Value>?) {
        guard let setting else { return }
        let isSecret = setting.value is Secret
        report.append(("core." + name, isSecret ? "set" : "\(setting.value)", setting.origin))
      }
      add("endpoint", endpoint)
      if ini != nil || profile.origin != .standard { add("profile", profile) }
      add("ini", ini)
      add("level", level)
      add("ca_file", caFile)
      add("files_store", filesStore)
      if endpoint != nil || timeoutSeconds.origin != .standard { add("timeout_seconds", timeoutSeconds) }
      add("issuer", issuer)
      add("token_endpoint", tokenEndpoint)
      add("client_id", clientID)
      if credential != .none { report.append(("core.credential", credential.name + ", set", credential.origin)) }
      add("s3.endpoint", storage.endpoint)
      add("s3.region", storage.region)
      add("s3.bucket", storage.bucket)
      add("s3.access_key", storage.accessKey.map { Setting(Secret($0.value), from: $0.origin) })
      add("s3.secret_key", storage.secretKey)
      add("s3.session_token", storage.sessionToken)
      add("s3.path_style", storage.pathStyle)
      return report
    }
  }
}
