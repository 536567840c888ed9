import Crypto

/// The engine's names of volumes, which are `[a-zA-Z0-9][a-zA-Z0-9_.-]*`. Different volumes never get the same one.
enum VolumeName {
  /// Of a run's own volume.
  static func own(_ name: String, runID: String) -> String { "dh-\(runID)-\(clean(name))" }

  /// Of a project's volume. A `-` in the project's name is doubled, so that `a-b` and its `c` are not `a` and its `b-c`.
  static func claim(_ name: String, project: String) -> String {
    "dh-\(clean(project).replacing("-", with: "--"))-\(clean(name))"
  }

  /// As it is where the engine takes it, else with `_` for what it doesn't take and a mark of what it was.
  static func clean(_ name: String) -> String {
    func isPlain(_ character: Character) -> Bool {
      character.isASCII && (character.isLetter || character.isNumber)
    }
    let cleaned = String(name.map { isPlain($0) || "_.-".contains($0) ? $0 : "_" })
    guard cleaned != name || cleaned.first.map(isPlain) != true else { return name }
    let mark = SHA256.hash(data: Array(name.utf8)).prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "v" + cleaned + "." + mark.joined()
  }
}
