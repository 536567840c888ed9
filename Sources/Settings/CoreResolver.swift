internal import Model

/// Finds out what is to be known of a Core server. Looks for the ini file only when it is asked for it.
struct CoreResolver {
  /// Content of a file; nil where it is missing.
  typealias Reader = (String) throws(SidecarError) -> [UInt8]?

  private let environment: [String: String]
  private let currentDirectory: String?
  private let read: Reader
  private var core = Settings.Core()
  private var file: DHCoreFile?
  /// Whether the ini file lay in the current directory and nobody named it.
  private var isStray = false
  private var isLocated = false

  init(
    resolver: inout SettingsResolver,
    environment: [String: String],
    currentDirectory: String?,
    read: @escaping Reader
  ) {
    self.environment = environment
    self.currentDirectory = currentDirectory
    self.read = read
    core.endpoint = resolver.text("/core/endpoint", variable: "DHCORE_ENDPOINT")
    core.ini = resolver.path("/core/ini", variable: "DH_CONFIG")
    core.level = resolver.integer("/core/level", variable: "DH_SIDECAR_CORE_LEVEL", in: 13...15)
    core.caFile = resolver.path("/core/ca_file", variable: "DH_SIDECAR_CORE_CA_FILE")
    core.filesStore = resolver.text("/core/files_store", variable: "DHCORE_DEFAULT_FILES_STORE")
    core.timeoutSeconds = resolver.integer("/core/timeout_seconds", in: 1...3600) ?? core.timeoutSeconds
    core.profile = resolver.text("/core/profile", variable: "DH_NAME") ?? core.profile
  }

  /// Whether any place that is the user's own names an endpoint: then Core is chosen by itself. What lies in the current
  /// directory is none: a folder from elsewhere must not send somebody's work to a server of its own. A fault in the ini
  /// file is one in the settings.
  mutating func hasEndpoint(_ resolver: inout SettingsResolver) -> Bool {
    if core.endpoint != nil { return true }
    locate(&resolver)
    return file?.entry(CoreVariables.endpoint, profile: profile.value) != nil
  }

  /// For another platform: nothing more is looked at.
  var outline: Settings.Core {
    var outline = core
    if outline.ini?.origin == .standard { outline.ini = nil }
    return outline
  }

  /// For Core itself.
  mutating func resolved(_ resolver: inout SettingsResolver) -> Settings.Core {
    locateInCurrentDirectory(&resolver)
    locate(&resolver)
    core.profile = profile
    let path = core.ini?.value ?? ""
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let dotEnv = isStray ? nil : content(directory + ".env", &resolver)
    let sources = CoreSources(
      environment: environment,
      file: file,
      filePath: path,
      profile: core.profile.value,
      dotEnv: dotEnv.map { DotEnvFile(parsing: $0) },
      dotEnvPath: directory + ".env"
    )
    core.endpoint = core.endpoint ?? sources.configuration(CoreVariables.endpoint)
    core.filesStore = core.filesStore ?? sources.configuration(["DHCORE_DEFAULT_FILES_STORE"])
    core.issuer = sources.configuration(["DHCORE_ISSUER"], keys: ["issuer", "oauth2_issuer"])
    core.tokenEndpoint = sources.configuration(["OAUTH2_TOKEN_ENDPOINT"], keys: ["token_endpoint"])
    core.clientID = sources.configuration(["DHCORE_CLIENT_ID"], keys: ["client_id"])
    core.storage = sources.storage
    core.credential = sources.credential
    if !core.credential.isSame(as: sources.environmentCredential) { core.alternative = sources.environmentCredential }
    if isStray { withholdEnvironment() }
    check(&resolver)
    return core
  }

  // MARK: The ini file

  /// dhcli looks there first.
  private mutating func locateInCurrentDirectory(_ resolver: inout SettingsResolver) {
    guard core.ini?.origin ?? .standard == .standard, let currentDirectory, currentDirectory != environment["HOME"]
    else {
      return
    }
    let path = currentDirectory + "/.dhcore.ini"
    guard take(path, &resolver) else { return }
    core.ini = Setting(path, from: .standard)
    isStray = true
  }

  /// The file that is named, else the home directory's.
  private mutating func locate(_ resolver: inout SettingsResolver) {
    guard !isLocated else { return }
    let path = core.ini ?? Setting((environment["HOME"] ?? "") + "/.dhcore.ini", from: .standard)
    core.ini = path
    take(path.value, &resolver)
  }

  /// DH_NAME or our own settings, else what the file says, else the SDK's standard.
  private var profile: Setting<String> {
    guard core.profile.origin == .standard, let current = file?.currentProfile else { return core.profile }
    return Setting(current.value, from: .file(path: core.ini?.value ?? "", line: current.line))
  }

  @discardableResult
  private mutating func take(_ path: String, _ resolver: inout SettingsResolver) -> Bool {
    guard let bytes = content(path, &resolver) else { return false }
    isLocated = true
    let file = DHCoreFile(parsing: bytes)
    for fault in file.faults {
      resolver.refuse(
        "/core/ini",
        "\(path), line \(fault.line) \(fault.message)",
        hint: "Mend the line, name another file in DH_CONFIG, or give --platform local to do without Core."
      )
    }
    self.file = file
    core.iniExists = true
    return true
  }

  private func content(_ path: String, _ resolver: inout SettingsResolver) -> [UInt8]? {
    do {
      return try read(path)
    } catch {
      resolver.refuse(
        "/core/ini",
        error.message,
        hint: "Make it readable, name another file in DH_CONFIG, or give --platform local to do without Core."
      )
      return nil
    }
  }

  // MARK: Checks

  /// A folder from elsewhere may bring an ini file along: it may name a server, but not have the environment's
  /// credentials sent there.
  private mutating func withholdEnvironment() {
    func isFile(_ setting: Setting<String>?) -> Bool {
      if case .file(core.ini?.value, _) = setting?.origin { true } else { false }
    }
    guard isFile(core.endpoint) || isFile(core.issuer) || isFile(core.tokenEndpoint) else { return }
    if case .environment = core.credential.origin { core.credential = .none }
    core.alternative = .none
  }

  private mutating func check(_ resolver: inout SettingsResolver) {
    for path in [\Settings.Core.endpoint, \.issuer, \.tokenEndpoint] {
      guard let setting = core[keyPath: path] else { continue }
      do {
        core[keyPath: path]?.value = try CoreEndpoint.normalised(setting.value)
      } catch {
        resolver.refuse("/core/endpoint", "\(setting.origin): \(error.message)", hint: error.hint)
      }
    }
    if core.endpoint == nil { refuseMissingEndpoint(&resolver) }
  }

  private func refuseMissingEndpoint(_ resolver: inout SettingsResolver) {
    let ini = core.ini?.value ?? ""
    let profile = core.profile
    let place =
      if let file, file.hasProfile(profile.value) {
        "the profile `\(profile.value)` of \(ini) has none either"
      } else if let file {
        "\(ini) has no profile `\(profile.value)` (\(profile.origin)), only \(file.profiles.joined(separator: ", "))"
      } else {
        "there is no \(ini)"
      }
    resolver.refuse(
      "/core/endpoint",
      "the platform core needs the endpoint of a server: DHCORE_ENDPOINT is not set, and \(place)",
      hint: EditDistance.nearest(to: profile.value, among: file?.profiles ?? []).map { "Did you mean DH_NAME=\($0)?" }
        ?? "Set DHCORE_ENDPOINT=https://HOST, run `dhcli register`, or name a profile in DH_NAME."
    )
  }
}
