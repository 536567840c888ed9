/// Whom a URL leads to.
struct HTTPTarget: Sendable, Hashable {
  /// In lower case.
  let scheme: String
  /// In lower case, IPv6 without brackets.
  let host: String
  let port: Int

  var isSecure: Bool { scheme == "https" }

  /// Nil where the URL has no host that can be told, as over a unix socket.
  init?(_ url: String) {
    guard let separator = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    let authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let place = Self.place(authority.split(separator: "@").last ?? "") else { return nil }
    self.scheme = scheme
    host = place.host
    port = place.port ?? (scheme == "https" ? 443 : 80)
  }

  /// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
  static func place(_ text: Substring) -> (host: String, port: Int?)? {
    var host = text
    var rest: Substring = ""
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      rest = text[text.index(after: end)...]
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      rest = text[colon...]
    }
    guard !host.isEmpty else { return nil }
    if rest.isEmpty { return (host.lowercased(), nil) }
    guard rest.first == ":", let port = UInt16(rest.dropFirst()) else { return nil }
    return (host.lowercased(), Int(port))
  }
}
