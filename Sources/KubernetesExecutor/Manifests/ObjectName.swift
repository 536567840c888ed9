import Crypto
import Model

/// Names of cluster objects: DNS labels (RFC 1123), which every kind takes, at most 63 bytes, from any input. Two
/// different inputs never get the same one.
package enum ObjectName {
  /// Kubernetes' limit for label values and for the names that Services, and the pods of a Job, may have.
  package static let maximumLength = 63

  /// `dh-<run id>`: of the Job, the Deployment, the Service, … of a run; with a suffix for its further objects.
  package static func run(_ id: String, _ suffix: String? = nil) -> String {
    let name = "dh-" + id
    return suffix.map { of([name, $0]) } ?? name
  }

  /// What the parts read like, and a hash of them: `dh-my-project-data-1a2b3c4d5e`. The hash is left out where a reader
  /// can tell the parts apart without it: one part that is a DNS label already, or a second one behind a run's name.
  package static func of(_ parts: [String]) -> String {
    let isUnique = parts.count == 1 || (parts.count == 2 && isRunName(parts[0]))
    let plain = parts.joined(separator: "-")
    if isUnique, parts.allSatisfy(NameRules.isDNSLabel), NameRules.isDNSLabel(plain) { return plain }
    let hash = hash(parts)
    var readable = Array(readable(plain).prefix(maximumLength - hash.utf8.count - 1))
    while readable.last == UInt8(ascii: "-") { readable.removeLast() }
    let name = readable.isEmpty ? hash : String(decoding: readable, as: UTF8.self) + "-" + hash
    // A Service's name has to begin with a letter (RFC 1035).
    return name.utf8.first.map { $0 < UInt8(ascii: "a") } ?? true ? "x" + name.dropFirst() : name
  }

  /// A label's value (`[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?`, at most 63 bytes): the text itself where it is one, else
  /// what it reads like and a hash of it.
  package static func labelValue(_ text: String) -> String { isLabelValue(text) ? text : of([text]) }

  private static func isRunName(_ name: String) -> Bool {
    name.hasPrefix("dh-") && name.utf8.count == 35
      && name.utf8.dropFirst(3).allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  private static func isLabelValue(_ text: String) -> Bool {
    guard (1...maximumLength).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last else {
      return text.isEmpty
    }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// Lower case; whatever is neither letter nor digit becomes one dash.
  private static func readable(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isAlphanumeric(byte) {
        bytes.append(byte >= UInt8(ascii: "A") ? byte | 0x20 : byte)
      } else if let last = bytes.last, last != UInt8(ascii: "-") {
        bytes.append(UInt8(ascii: "-"))
      }
    }
    return bytes
  }

  /// 10 hex digits of the SHA-256 of the parts, each with its length.
  private static func hash(_ parts: [String]) -> String {
    var sum = SHA256()
    for part in parts {
      sum.update(data: Array("\(part.utf8.count):".utf8))
      sum.update(data: Array(part.utf8))
    }
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: sum.finalize().prefix(5).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
      as: UTF8.self
    )
  }
}
