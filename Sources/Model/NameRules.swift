/// What names may look like.
package enum NameRules {
  // In patterns a dash in brackets is escaped: HTML, whose `pattern` attribute takes them, wants it (flag v).
  /// DigitalHub's slug, as its path parameters want it: functions, tasks, secrets, and projects on embedded platforms
  /// (Core itself is stricter with projects, see `isCoreProjectName`).
  package static let slugPattern = "^[a-zA-Z0-9._+\\-]+$"
  package static let maximumLength = 256
  package static let environmentNamePattern = "^[a-zA-Z_][a-zA-Z0-9_.\\-]*$"

  package static func isSlug(_ name: String) -> Bool {
    (1...maximumLength).contains(name.utf8.count) && name.utf8.allSatisfy(isSlugByte)
  }

  /// `^[a-z0-9-]+$`, 2 to 38 characters: what a Core server accepts as a project.
  package static func isCoreProjectName(_ name: String) -> Bool {
    (2...38).contains(name.utf8.count)
      && name.utf8.allSatisfy { isLowerCase($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// The nearest name that Core accepts: `my-project` for `my_project`; nil where nothing is left of it.
  package static func coreProjectName(resembling name: String) -> String? {
    var bytes: [UInt8] = []
    let dash = UInt8(ascii: "-")
    for byte in name.utf8 {
      if isLetter(byte) {
        bytes.append(byte | 0x20)
      } else if isDigit(byte) {
        bytes.append(byte)
      } else if let last = bytes.last, last != dash {
        bytes.append(dash)
      }
    }
    bytes = Array(bytes.prefix(38))
    while bytes.last == dash { bytes.removeLast() }
    return bytes.count >= 2 ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// A C identifier, with the dots and dashes that Kubernetes allows too, never beginning with a digit.
  package static func isEnvironmentName(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
    return name.utf8.allSatisfy {
      isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
  }

  /// A DNS label (RFC 1123): lower-case letters, digits and inner dashes, at most 63.
  package static func isDNSLabel(_ name: String) -> Bool {
    let dash = UInt8(ascii: "-")
    return (1...63).contains(name.utf8.count) && name.utf8.first != dash && name.utf8.last != dash
      && name.utf8.allSatisfy { isLowerCase($0) || isDigit($0) || $0 == dash }
  }

  private static func isSlugByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || ".+_-".utf8.contains(byte)
  }
  private static func isLowerCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { isLowerCase(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
