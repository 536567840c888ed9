package import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the settings are and how they are read.
package enum SettingsFile {
  /// No settings file has reason to be larger.
  static let byteLimit = 1 << 20

  /// The command line's, else DH_SIDECAR_CONFIG, else `dh-sidecar/config.yaml` in the user's configuration directory.
  package static func path(environment: [String: String], options: SettingsOptions) -> Setting<String> {
    if let path = options.config { return Setting(path, from: .commandLine("--config")) }
    if let path = environment["DH_SIDECAR_CONFIG"], !path.isEmpty {
      return Setting(path, from: .environment("DH_SIDECAR_CONFIG"))
    }
    let directory = directory("XDG_CONFIG_HOME", inHome: ".config", environment)
    return Setting(directory + "/dh-sidecar/config.yaml", from: .standard)
  }

  /// Where the catalog is by default.
  package static func stateDirectory(_ environment: [String: String]) -> String {
    stateHome(environment) + "/dh-sidecar"
  }

  /// XDG_STATE_HOME, or its default.
  package static func stateHome(_ environment: [String: String]) -> String {
    directory("XDG_STATE_HOME", inHome: ".local/state", environment)
  }

  /// Reads the file and resolves. A missing file is an error only where somebody named it. Throws `invalid_settings`.
  package static func load(environment: [String: String], options: SettingsOptions) throws(SidecarError) -> Settings {
    let path = path(environment: environment, options: options)
    let bytes = try content(of: path)
    return try Settings(
      file: bytes,
      path: path,
      environment: environment,
      options: options,
      currentDirectory: currentDirectory,
      read: { path throws(SidecarError) in try content(of: path) { unreadable(path, $0) } }
    )
  }

  /// Nil where it can't be told.
  private static var currentDirectory: String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let isKnown = buffer.withUnsafeMutableBytes { getcwd($0.baseAddress, $0.count) != nil }
    return isKnown ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : nil
  }

  private static func content(of path: Setting<String>) throws(SidecarError) -> [UInt8]? {
    let bytes = try content(of: path.value) { unreadable(path, $0) }
    if bytes == nil, path.origin != .standard { throw unreadable(path, String(cString: strerror(ENOENT))) }
    return bytes
  }

  /// Of a file that may be missing: nil then.
  package static func content(
    of path: String,
    else unreadable: (String) -> SidecarError
  ) throws(SidecarError) -> [UInt8]? {
    // NONBLOCK: a FIFO without a writer must not hold the start up.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw unreadable(String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw unreadable(String(cString: strerror(errno)))
      }
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= byteLimit else { throw unreadable("it is larger than \(byteLimit) bytes") }
    }
  }

  private static func unreadable(_ path: String, _ reason: String) -> SidecarError {
    SidecarError(.invalidSettings, "\(path) can't be read: \(reason)")
  }

  private static func unreadable(_ path: Setting<String>, _ reason: String) -> SidecarError {
    SidecarError(
      .invalidSettings,
      "the settings file \(path.value) (\(path.origin)) can't be read: \(reason)",
      hint: "name another file in DH_SIDECAR_CONFIG, or unset it"
    )
  }

  /// XDG Base Directory Specification: absolute, or it doesn't count.
  private static func directory(_ variable: String, inHome: String, _ environment: [String: String]) -> String {
    if let directory = environment[variable], directory.hasPrefix("/") { return directory }
    if let home = environment["HOME"], !home.isEmpty { return "\(home)/\(inHome)" }
    // Some service managers set no HOME. The user database is out of reach of a static executable (getpwuid needs
    // shared libraries), so it is the root directory: right for root, and an error that names the path for others.
    return "/\(inHome)"
  }
}
