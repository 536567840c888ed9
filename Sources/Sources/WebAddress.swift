/// The parts of a URL that matter for checks: who, where, what. Nothing is decoded.
struct WebAddress {
  /// What stands before the `@`.
  let user: String?
  /// With the port, as written.
  let host: String
  /// With the query and the fragment.
  let path: String

  /// `location` is what follows `scheme://`. Throws a `SourceError` that names `code_src`.
  init(scheme: String, location: Substring) throws(SourceError) {
    let escape = "percent-encode what is no plain ASCII: a space is %20"
    guard location.utf8.allSatisfy({ $0 > 32 && $0 < 127 && !"\\\"<>^`{|}".utf8.contains($0) }) else {
      throw SourceError("`code_src` has a character that no URL may have", hint: escape)
    }
    let end = location.firstIndex { "/?#".contains($0) } ?? location.endIndex
    let authority = location[..<end]
    let at = authority.lastIndex(of: "@")
    user = at.map { String(authority[..<$0]) }
    host = String(at.map { authority[authority.index(after: $0)...] } ?? authority)
    path = String(location[end...])
    guard Self.isHost(host) else {
      throw SourceError("`code_src` names no host after \(scheme)://", hint: "for example \(scheme)://host/path")
    }
  }

  /// A function's source is stored in the clear and shown to everyone who may see the function.
  func refuseCredentials(hint: String) throws(SourceError) {
    guard user == nil, !hasCredentialInQuery else {
      throw SourceError(
        "`code_src` has a credential in its URL (on \(host)), which would be stored and shown in the clear",
        hint: hint
      )
    }
  }

  /// Parameters by which signed and token URLs are known (S3, Google, Azure, GitLab and the customary names).
  private static let credentialNames: Set<String> = [
    "x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid", "x-goog-signature",
    "x-goog-credential", "signature", "sig", "access_token", "private_token", "job_token", "token", "auth_token",
    "api_key", "apikey", "password",
  ]

  private var hasCredentialInQuery: Bool {
    guard let mark = path.firstIndex(of: "?") else { return false }
    let query = path[path.index(after: mark)...].prefix { $0 != "#" }
    return query.split(separator: "&").contains { part in
      Self.credentialNames.contains(part.prefix { $0 != "=" }.lowercased())
    }
  }

  private static func isHost(_ text: String) -> Bool {
    var name = text[...]
    if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
      name = text[..<colon]
      guard let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else { return false }
    }
    if name.hasPrefix("["), name.hasSuffix("]") {
      return name.utf8.count > 3 && name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || ":.".contains($0) }
    }
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".") else { return false }
    return name.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
  }
}
