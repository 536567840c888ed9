internal import JSON
package import Model
internal import YAML

extension Settings {
  /// Resolves all values, and touches nothing but by `read`: the content of Core's ini file, nil where it is missing. It
  /// is read where the platform is Core, or where nobody says which it is. `file` is the settings file's content; nil
  /// where there is none. Empty variables count as unset. Throws `invalid_settings` with every fault at once, each with
  /// its line.
  package init(
    file bytes: [UInt8]?,
    path: Setting<String>,
    environment: [String: String],
    options: SettingsOptions,
    currentDirectory: String? = nil,
    read: @escaping (String) throws(SidecarError) -> [UInt8]? = { _ in nil }
  ) throws(SidecarError) {
    var resolver = SettingsResolver(path: path.value, environment: environment)
    if let bytes { resolver.read(bytes) }
    var core = CoreResolver(
      resolver: &resolver,
      environment: environment,
      currentDirectory: currentDirectory,
      read: read
    )
    var platform = resolver.choice(
      "/platform",
      standard: PlatformKind.local,
      variable: "DH_SIDECAR_PLATFORM",
      option: ("--platform", options.platform)
    )
    // Core is chosen by itself where its endpoint is known.
    if platform.origin == .standard, core.hasEndpoint(&resolver) { platform.value = .core }
    let resolvedCore = platform.value == .core ? core.resolved(&resolver) : core.outline
    let project = resolver.text(
      "/project",
      variable: "DH_SIDECAR_PROJECT",
      option: ("--project", options.project),
      accepts: NameRules.isSlug,
      expectation: "1 to \(NameRules.maximumLength) of a-z, A-Z, 0-9 and . _ + -"
    )
    let engine = resolver.choice(
      "/local/engine",
      standard: EngineChoice.auto,
      variable: "DH_SIDECAR_ENGINE",
      option: ("--engine", options.engine)
    )
    let local = Local(
      engine: engine,
      socket: resolver.path("/local/socket", variable: "DH_SIDECAR_SOCKET", option: ("--socket", options.socket)),
      address: resolver.text(
        "/local/address",
        accepts: Self.isAddress,
        expectation: "an IPv4 or IPv6 address of this machine, such as 0.0.0.0"
      ) ?? Setting("127.0.0.1", from: .standard),
      allowHostPaths: resolver.value("/local/allow_host_paths", standard: false, \.boolValue),
      catalog: resolver.path(
        "/local/catalog",
        variable: "DH_SIDECAR_CATALOG",
        option: ("--catalog", options.catalog)
      ) ?? Setting(SettingsFile.stateDirectory(environment) + "/catalog.db", from: .standard),
      stopGraceSeconds: resolver.value("/local/stop_grace_seconds", standard: 10, \.integerValue),
      restartLimit: resolver.value("/local/restart_limit", standard: 5, \.integerValue),
      ttlSeconds: resolver.optionalValue("/local/ttl_seconds", \.integerValue)
    )
    let kubernetes = Kubernetes(
      kubeconfig: resolver.path("/kubernetes/kubeconfig"),
      context: resolver.text("/kubernetes/context"),
      namespace: resolver.text("/kubernetes/namespace")
    )
    let profiles = resolver.profiles
    try resolver.finish()
    self.init(
      file: path,
      fileExists: bytes != nil,
      platform: platform,
      project: project,
      profiles: profiles,
      local: local,
      kubernetes: kubernetes,
      core: resolvedCore
    )
  }

  private static func isAddress(_ text: String) -> Bool {
    let isV4 =
      text.split(separator: ".", omittingEmptySubsequences: false).count == 4
      && text.split(separator: ".").allSatisfy { UInt8($0) != nil && String(UInt8($0) ?? 0) == $0 }
    let isV6 = text.contains(":") && text.utf8.allSatisfy { "0123456789abcdefABCDEF:.".utf8.contains($0) }
    return isV4 || isV6
  }
}

/// Collects values and faults.
struct SettingsResolver {
  private let path: String
  private let environment: [String: String]
  private var document: YAMLDocument?
  private var values: JSONValue = [:]
  private var faults: [Fault] = []

  init(path: String, environment: [String: String]) {
    self.path = path
    self.environment = environment
  }

  mutating func read(_ bytes: [UInt8]) {
    let document: YAMLDocument
    do {
      document = try YAMLDocument(parsing: bytes, limits: YAMLLimits(bytes: SettingsFile.byteLimit))
    } catch {
      faults.append(
        Fault(pointer: "", rule: "yaml", message: "line \(error.position.line): \(error)", hint: "Mend the YAML.")
      )
      return
    }
    self.document = document
    guard !document.value.isNull else { return }
    guard let object = document.value.objectValue else {
      let names = SettingsDeclarations.file.map(\.name).joined(separator: ", ")
      faults.append(
        Fault(
          pointer: "",
          rule: "type",
          message: "line \(document.position.line): the file must be a mapping, not of type \(document.value.typeName)",
          hint: "Its keys are \(names)."
        )
      )
      return
    }
    // A section whose keys are all commented out is null: as good as absent.
    let present = JSONObject(object.members.filter { !$0.value.isNull }.map { ($0.name, $0.value) })
    let check = ParameterCheck(present, against: SettingsDeclarations.file)
    faults += check.faults.map { fault in
      var fault = fault
      fault.message = "line \(line(fault.pointer)): \(fault.message)"
      return fault
    }
    if check.faults.isEmpty { values = .object(check.normalised) }
  }

  func finish() throws(SidecarError) {
    guard let first = faults.first else { return }
    let count = faults.count == 1 ? "a fault" : "\(faults.count) faults"
    throw SidecarError(
      .invalidSettings,
      "the settings have \(count) (file \(path))",
      hint: first.hint,
      faults: faults
    )
  }

  // MARK: Values

  func value<Value>(_ pointer: String, standard: Value, _ read: (JSONValue) -> Value?) -> Setting<Value> {
    guard let value = fileValue(pointer).flatMap(read) else { return Setting(standard, from: .standard) }
    return Setting(value, from: fileOrigin(pointer))
  }

  func optionalValue<Value>(_ pointer: String, _ read: (JSONValue) -> Value?) -> Setting<Value>? {
    fileValue(pointer).flatMap(read).map { Setting($0, from: fileOrigin(pointer)) }
  }

  mutating func text(
    _ pointer: String,
    variable: String? = nil,
    option: (name: String, value: String?)? = nil,
    accepts: (String) -> Bool = { !$0.isEmpty },
    expectation: String = "not empty"
  ) -> Setting<String>? {
    let setting: Setting<String>
    if let option, let value = option.value {
      setting = Setting(value, from: .commandLine(option.name))
    } else if let variable, let value = environment[variable], !value.isEmpty {
      setting = Setting(value, from: .environment(variable))
    } else if let value = fileValue(pointer)?.stringValue {
      setting = Setting(value, from: fileOrigin(pointer))
    } else {
      return nil
    }
    guard accepts(setting.value) else {
      refuse(setting, pointer, "must be \(expectation)")
      return nil
    }
    return setting
  }

  mutating func integer(_ pointer: String, variable: String? = nil, in range: ClosedRange<Int>) -> Setting<Int>? {
    guard let variable, let text = environment[variable], !text.isEmpty else {
      return fileValue(pointer)?.integerValue.map { Setting($0, from: fileOrigin(pointer)) }
    }
    guard let value = Int(text), range.contains(value) else {
      refuse(
        Setting(text, from: .environment(variable)),
        pointer,
        "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
      )
      return nil
    }
    return Setting(value, from: .environment(variable))
  }

  /// `~/` is the home directory; a relative path in the file starts where the file is.
  mutating func path(
    _ pointer: String,
    variable: String? = nil,
    option: (name: String, value: String?)? = nil
  ) -> Setting<String>? {
    guard var setting = text(pointer, variable: variable, option: option) else { return nil }
    if setting.value.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty {
      setting.value = home + setting.value.dropFirst()
    }
    if case .file = setting.origin, !setting.value.hasPrefix("/"), !setting.value.contains("://"),
      let slash = path.lastIndex(of: "/")
    {
      setting.value = path[...slash] + setting.value
    }
    return setting
  }

  mutating func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ pointer: String,
    standard: Choice,
    variable: String,
    option: (name: String, value: String?)
  ) -> Setting<Choice> {
    guard let setting = text(pointer, variable: variable, option: option, accepts: { _ in true }) else {
      return Setting(standard, from: .standard)
    }
    guard let choice = Choice(rawValue: setting.value) else {
      let choices = Choice.allCases.map(\.rawValue)
      refuse(
        setting,
        pointer,
        "must be one of \(choices.joined(separator: ", "))",
        hint: EditDistance.nearest(to: setting.value, among: choices).map { "Did you mean `\($0)`?" }
      )
      return Setting(standard, from: .standard)
    }
    return Setting(choice, from: setting.origin)
  }

  var profiles: [String: Settings.Profile] {
    var profiles: [String: Settings.Profile] = [:]
    for (name, value) in fileValue("/profiles")?.objectValue?.members ?? [] {
      var parameters = value.objectValue ?? [:]
      let description = parameters["description"]?.stringValue
      parameters["description"] = nil
      let pointer = JSONPointer.root / "profiles" / name
      profiles[name] = Settings.Profile(
        name: name,
        description: description,
        parameters: parameters,
        origin: fileOrigin(pointer.description)
      )
    }
    return profiles
  }

  private mutating func refuse(_ setting: Setting<String>, _ pointer: String, _ rule: String, hint: String? = nil) {
    faults.append(
      Fault(
        pointer: pointer,
        rule: "value",
        message: "\(setting.origin): `\(setting.value)` \(rule)",
        hint: hint ?? "Change it, or leave it out."
      )
    )
  }

  mutating func refuse(_ pointer: String, _ message: String, hint: String) {
    faults.append(Fault(pointer: pointer, rule: "value", message: message, hint: hint))
  }

  private func fileValue(_ pointer: String) -> JSONValue? {
    (try? JSONPointer(parsing: pointer)).flatMap { values[$0] }
  }

  private func fileOrigin(_ pointer: String) -> SettingOrigin { .file(path: path, line: line(pointer)) }

  /// The line of a place, or of the nearest one around it (a missing key has none of its own).
  private func line(_ pointer: String) -> Int {
    var place = try? JSONPointer(parsing: pointer)
    while let here = place {
      if let position = document?.positions[here] { return position.line }
      place = here.parent
    }
    return document?.position.line ?? 1
  }
}
