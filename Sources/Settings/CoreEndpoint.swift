/// The rules for the URL of a Core server.
enum CoreEndpoint {
  struct Refusal: Error {
    let message: String
    let hint: String
  }

  /// The URL without slashes at its end. It may have a path (`https://host/core`).
  static func normalised(_ text: String) throws(Refusal) -> String {
    guard let scheme = text.firstRange(of: "://") else {
      throw Refusal(
        message: "`\(text)` has no scheme: it must start with http:// or https://",
        hint: "Did you mean `\(suggestedScheme(text))://\(text)`?"
      )
    }
    let name = text[..<scheme.lowerBound].lowercased()
    guard name == "http" || name == "https" else {
      throw Refusal(message: "the scheme `\(name)` must be http or https", hint: "Write https://HOST.")
    }
    let rest = text[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.contains("@") else {
      // Not shown: there is a password in it.
      throw Refusal(
        message: "the URL must not hold a user or a password",
        hint: "Leave them out of it, and set DHCORE_USER and DHCORE_PASSWORD."
      )
    }
    guard !authority.isEmpty, authority.first != ":", rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Refusal(message: "`\(text)` is no URL", hint: "Write https://HOST, or http://HOST:PORT.")
    }
    guard !rest.contains("?"), !rest.contains("#") else {
      throw Refusal(message: "`\(text)` must end before the ? or #", hint: "Write https://HOST, or http://HOST:PORT.")
    }
    var url = "\(name)://\(rest)"
    while url.hasSuffix("/") { url.removeLast() }
    return url
  }

  /// What is on this machine rarely has a certificate; what has no port usually does.
  private static func suggestedScheme(_ text: String) -> String {
    let host = text.prefix { $0 != ":" && $0 != "/" }
    return host == "localhost" || host.hasPrefix("127.") || text.contains(":") ? "http" : "https"
  }
}
