/// Which proxy a request goes through: HTTPS_PROXY or HTTP_PROXY by the target's scheme, else ALL_PROXY, unless NO_PROXY
/// names the target. The lower-case variables win, as in curl and Python.
package struct ProxyRules: Sendable, Hashable {
  struct Proxy: Sendable, Hashable {
    var host: String
    var port: Int
    var user: String?
    var password: String?
    /// Where it is set.
    var variable: String
  }

  private var byScheme: [String: (variable: String, value: String)] = [:]
  private var exceptions = NoProxyList("")

  /// No proxy at all.
  package init() {}

  package init(environment: [String: String]) {
    func value(_ name: String) -> (variable: String, value: String)? {
      for variable in [name, name.uppercased()] {
        // In a CGI program HTTP_PROXY is a client's header `Proxy:` (CVE-2016-5385).
        if variable == "HTTP_PROXY", environment["REQUEST_METHOD"] != nil { continue }
        if let value = environment[variable], !value.isEmpty { return (variable, value) }
      }
      return nil
    }
    for scheme in ["http", "https"] { byScheme[scheme] = value(scheme + "_proxy") ?? value("all_proxy") }
    exceptions = NoProxyList(value("no_proxy")?.value ?? "")
  }

  /// Nil: directly. Throws `HTTPError.other` where the variable can't be understood.
  func proxy(for target: HTTPTarget) throws(HTTPError) -> Proxy? {
    guard let (variable, value) = byScheme[target.scheme], !exceptions.contains(target) else { return nil }
    return try Self.proxy(value, variable: variable)
  }

  /// `[http://][USER[:PASSWORD]@]HOST[:PORT][/]`. What it says is never shown: it may hold a password.
  private static func proxy(_ value: String, variable: String) throws(HTTPError) -> Proxy {
    var rest = Substring(value)
    if let separator = value.firstRange(of: "://") {
      let scheme = value[..<separator.lowerBound].lowercased()
      guard scheme == "http" else {
        throw HTTPError.other(
          "the proxy in \(variable) has the scheme \(scheme); write http://HOST:PORT, or name the target in NO_PROXY"
        )
      }
      rest = value[separator.upperBound...]
    }
    let authority = rest.prefix { $0 != "/" }
    let at = authority.lastIndex(of: "@")
    let credentials = at.map { authority[..<$0].split(separator: ":", maxSplits: 1).map(decoded) } ?? []
    guard let place = HTTPTarget.place(at.map { authority[authority.index(after: $0)...] } ?? authority) else {
      throw HTTPError.other("\(variable) names no proxy that can be understood; write http://HOST:PORT")
    }
    return Proxy(
      host: place.host,
      port: place.port ?? 80,
      user: credentials.first,
      password: credentials.count > 1 ? credentials[1] : nil,
      variable: variable
    )
  }

  /// Without percent-encoding.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(Substring(digits), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func == (left: ProxyRules, right: ProxyRules) -> Bool {
    left.exceptions == right.exceptions && left.byScheme.mapValues(\.value) == right.byScheme.mapValues(\.value)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(exceptions)
    hasher.combine(byScheme.mapValues(\.value))
  }
}
