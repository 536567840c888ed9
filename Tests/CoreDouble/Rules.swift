import JSON

/// What Core checks of names, ids and references (contract, section 2).
enum Rules {
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
  private static let small = UInt8(ascii: "a")...UInt8(ascii: "z")
  private static let capital = UInt8(ascii: "A")...UInt8(ascii: "Z")

  /// `^[a-zA-Z0-9._+-]+$`.
  static func isSlug(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        digits.contains($0) || small.contains($0) || capital.contains($0) || "._+-".utf8.contains($0)
      }
  }

  /// `^[a-z0-9-]+$`, 2…38 characters.
  static func isProjectName(_ text: String) -> Bool {
    (2...38).contains(text.utf8.count)
      && text.utf8.allSatisfy { digits.contains($0) || small.contains($0) || $0 == UInt8(ascii: "-") }
  }

  static func checkSlug(_ text: String, _ field: String) throws(CoreRefusal) {
    guard isSlug(text) else { throw .badRequest("\(field): must match \"^[a-zA-Z0-9._+-]+$\"") }
  }

  /// 32 hex digits, as Core's key generator makes them.
  static func newID() -> String {
    (0..<4).map { _ in
      let digits = String(UInt32.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }
}

/// What a spec refers to: `container://PROJECT/NAME:ID`, `container+job://PROJECT/ID`.
struct Reference {
  let kind: String
  let project: String
  let name: String
  /// The part behind the last colon; the name where there is none.
  let id: String

  init?(_ text: String) {
    guard let scheme = text.firstRange(of: "://"), scheme.lowerBound > text.startIndex else { return nil }
    kind = String(text[..<scheme.lowerBound])
    let parts = text[scheme.upperBound...].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    project = String(parts[0])
    let last = parts[1].split(separator: ":", maxSplits: 1)
    name = String(last[0])
    id = String(last.count > 1 ? last[1] : last[0])
  }
}

extension JSONValue {
  /// Null, "", [] and {}: what Core's mapper leaves out.
  var isEmptyValue: Bool {
    switch self {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let object): object.isEmpty
    default: false
    }
  }
}
