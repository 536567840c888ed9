import FoundationEssentials
internal import HTTP

/// Gets one file over HTTP, through redirects.
struct HTTPDownload {
  let transport: HTTPTransport

  private static let redirects = 10

  /// Throws a `SourceError` that names the URL without its query, what `take` throws, or `CancellationError`.
  func get(_ url: String, _ take: ([UInt8]) throws -> Void) async throws {
    var address = url
    let title = Self.shown(url)
    for _ in 0...Self.redirects {
      do {
        let request = HTTPRequest("GET", address, headers: [(name: "User-Agent", value: "dh-sidecar")])
        let response = try await transport.send(request)
        if [301, 302, 303, 307, 308].contains(response.status), let target = response.header("Location") {
          address = try Self.resolve(target, from: address, title)
          continue
        }
        guard response.isSuccess else { throw Self.refusal(response.status, title, address) }
        return try await response.forEachChunk { chunk in
          try take(chunk)
          return true
        }
      } catch let error as HTTPError {
        throw SourceError(
          "can't get \(title): its server gives no answer that can be used",
          hint:
            "check the URL and the network; proxies are read from HTTPS_PROXY, further authorities from SSL_CERT_FILE",
          cause: error.message
        )
      }
    }
    throw SourceError("can't get \(title): it is redirected more than \(Self.redirects) times", hint: "check the URL")
  }

  /// The last part of the URL's path, decoded; nil where it makes no file's name.
  static func fileName(_ url: String) -> String? {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    guard let start = path.firstRange(of: "://"), path[start.upperBound...].contains("/") else { return nil }
    guard let last = path.split(separator: "/", omittingEmptySubsequences: false).last else { return nil }
    guard let name = decoded(last), isFileName(name) else { return nil }
    return name
  }

  /// Without percent-encoding; nil where that is broken.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) else { return nil }
      rest = rest.dropFirst(2)
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 32 || $0 == 127 }
  }

  /// RFC 9110, 10.2.2, of the forms that servers send: a whole URL, one without its scheme, a path, a name.
  static func resolve(_ target: String, from url: String, _ title: String) throws(SourceError) -> String {
    let scheme = url.prefix { $0 != ":" }
    let rest = url.dropFirst(scheme.count + 3)
    let host = rest.prefix { !"/?#".contains($0) }
    let resolved: String
    if target.hasPrefix("//") {
      resolved = scheme + ":" + target
    } else if target.hasPrefix("/") {
      resolved = scheme + "://" + host + target
    } else if target.contains("://") {
      resolved = target
    } else {
      let path = rest.dropFirst(host.count).prefix { $0 != "?" && $0 != "#" }
      let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
      resolved = scheme + "://" + host + folder + target
    }
    let lower = resolved.lowercased()
    guard lower.hasPrefix("https://") || (lower.hasPrefix("http://") && scheme.lowercased() == "http") else {
      throw SourceError(
        "can't get \(title): its server leads from https to another scheme",
        hint: "name the address that it leads to, if you trust it"
      )
    }
    return String(resolved.prefix { $0 != "#" })
  }

  private static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }

  private static func refusal(_ status: Int, _ title: String, _ address: String) -> SourceError {
    let hint: String
    let reason: String
    switch status {
    case 404, 410: (reason, hint) = ("there is no such file", "check the URL")
    case 401, 403:
      (reason, hint) = (
        "its server wants to know who you are", "make the file readable without that, or give it as a path or in S3"
      )
    case 500...: (reason, hint) = ("its server is in trouble", "try again later")
    default: (reason, hint) = ("its server refused", "open the URL in a browser to see why")
    }
    let place = shown(address)
    return SourceError(
      "can't get \(title): \(reason)",
      hint: hint,
      cause: "\(place) answered \(status)"
    )
  }
}
