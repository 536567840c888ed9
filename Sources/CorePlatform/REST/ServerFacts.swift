internal import JSON
internal import Model

/// What a Core server says of itself, in the headers of any answer and in its well-known configuration.
struct ServerFacts: Sendable, Hashable {
  enum LevelSource: String, Sendable { case setting, header, configuration, version, assumed }

  /// 13, 14, 15, …: X-Api-Level.
  var level: Int?
  var levelSource: LevelSource?
  /// `0.15.0`: X-Api-Version.
  var version: String?

  /// Headers that are missing or empty say nothing: a Core without DH_API_LEVEL sends an empty one.
  mutating func read(levelHeader: String?, versionHeader: String?) {
    if levelSource != .setting, let level = levelHeader.flatMap({ Int($0.filter { !$0.isWhitespace }) }) {
      self.level = level
      levelSource = .header
    }
    if let version = versionHeader, !version.isEmpty { self.version = version }
  }

  /// `/.well-known/configuration`; members may come as strings or numbers.
  mutating func read(configuration: JSONObject) {
    if let said = configuration["dhcore_version"]?.stringValue, !said.isEmpty { version = version ?? said }
    guard level == nil else { return }
    if let said = configuration["dhcore_api_level"],
      let level = said.integerValue ?? said.stringValue.flatMap({ Int($0) })
    {
      self.level = level
      levelSource = .configuration
    } else if let level = version.flatMap(Self.level(ofVersion:)) {
      self.level = level
      levelSource = .version
    }
  }

  /// Release 0.N has the API level N.
  static func level(ofVersion version: String) -> Int? {
    let parts = version.drop { $0 == "v" }.split(separator: ".")
    guard parts.count >= 2, parts[0] == "0" else { return nil }
    return Int(parts[1].prefix { $0.isNumber })
  }

  /// The dialect for this server, with a word of warning where it had to be guessed.
  var dialect: (dialect: any Dialect, warning: Warning?) {
    let known = Dialects.all
    let newest = known[known.count - 1]
    func warning(_ message: String) -> Warning { Warning(pointer: "", code: "core_release", message: message) }
    guard let level else {
      return (
        newest,
        warning(
          "The server does not say its release: it is taken for \(newest.release). Set core.level (or "
            + "DH_SIDECAR_CORE_LEVEL) to 13, 14 or 15 if it is another."
        )
      )
    }
    if let exact = known.first(where: { $0.level == level }) { return (exact, nil) }
    let nearest = level < known[0].level ? known[0] : newest
    return (
      nearest,
      warning(
        "The server has API level \(level), which this version does not know; it is taken for \(nearest.release)."
      )
    )
  }
}
