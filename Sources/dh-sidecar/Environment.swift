import CLinux

/// The variables of this process.
enum Environment {
  /// As ProcessInfo has them, which would take a seventh of the time to the first reply. Of a variable that is there
  /// twice the first counts, as for getenv(3).
  static var variables: [String: String] {
    var variables: [String: String] = [:]
    guard var entry = clinux_environment() else { return variables }
    while let text = entry.pointee {
      let line = String(cString: text)
      if let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) {
        let name = String(line[..<equals])
        if variables[name] == nil { variables[name] = String(line[line.index(after: equals)...]) }
      }
      entry += 1
    }
    return variables
  }
}
