internal import JSON
internal import Settings

/// What a token endpoint hands out (RFC 6749, section 5.1). Core adds its providers' credentials, such as `aws_*`.
struct TokenResponse: Sendable {
  let accessToken: Secret
  /// Takes the place of the one that was sent, which is used up.
  let refreshToken: Secret?
  /// All members with one value, as the SDK keeps them in the ini file: in the order of the answer.
  private let members: [(name: String, value: String)]

  /// Nil where it is no JSON object with an access token that fits into a header.
  init?(parsing bytes: [UInt8]) {
    guard let object = try? JSONValue(parsing: bytes).objectValue, let access = object["access_token"]?.stringValue,
      Self.isToken(access)
    else { return nil }
    accessToken = Secret(access)
    refreshToken = object["refresh_token"]?.stringValue.flatMap { Self.isToken($0) ? Secret($0) : nil }
    members = object.members.compactMap { name, value in
      switch value {
      case .string(let text): (name.lowercased(), text)
      case .integer(let number): (name.lowercased(), String(number))
      case .bool(let flag): (name.lowercased(), String(flag))
      default: nil
      }
    }
  }

  /// RFC 6750's b68token is narrower; what matters is that it is one word of printable ASCII.
  static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

  subscript(_ name: String) -> String? { members.last { $0.name == name }?.value }

  /// By the keys that this profile of the file has for them.
  func values(for file: DHCoreFile, profile: String) -> [(key: String, value: String)] {
    members.flatMap { name, value in
      file.keys(of: name, profile: profile).map { (key: $0, value: value) }
    }
  }
}
