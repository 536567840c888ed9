/// A value and where it comes from, so that `doctor` can say so.
package struct Setting<Value: Sendable>: Sendable {
  package var value: Value
  package var origin: SettingOrigin

  package init(_ value: Value, from origin: SettingOrigin) {
    self.value = value
    self.origin = origin
  }
}

extension Setting: Equatable where Value: Equatable {}
extension Setting: Hashable where Value: Hashable {}

/// The later ones win: default, file, environment, command line.
package enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
  case standard
  case file(path: String, line: Int)
  /// The variable's name.
  case environment(String)
  /// The option as it is typed: `--platform`.
  case commandLine(String)

  package var description: String {
    switch self {
    case .standard: "default"
    case .file(let path, let line): "\(path), line \(line)"
    case .environment(let name): name
    case .commandLine(let option): option
    }
  }
}

/// What the command line says; nil where it says nothing.
package struct SettingsOptions: Sendable, Hashable {
  package var config: String?
  package var platform: String?
  package var project: String?
  package var catalog: String?
  package var engine: String?
  package var socket: String?

  package init(
    config: String? = nil,
    platform: String? = nil,
    project: String? = nil,
    catalog: String? = nil,
    engine: String? = nil,
    socket: String? = nil
  ) {
    self.config = config
    self.platform = platform
    self.project = project
    self.catalog = catalog
    self.engine = engine
    self.socket = socket
  }
}
