import Testing

@testable import HTTP

@Suite struct NoProxyTests {
  @Test(
    arguments: [
      ("", "http://a.org", false), ("*", "http://a.org", true), ("a.org", "http://a.org", true),
      ("a.org", "https://A.ORG/x", true), ("A.ORG", "http://a.org", true), ("a.org", "http://b.a.org", true),
      ("a.org", "http://ba.org", false), (".a.org", "http://b.a.org", true), (".a.org", "http://a.org", true),
      ("*.a.org", "http://b.a.org", true), ("b.org,a.org", "http://a.org", true),
      ("b.org, a.org", "http://a.org", true),
      ("b.org a.org", "http://a.org", true), (",,", "http://a.org", false), ("a.org:8080", "http://a.org:8080", true),
      ("a.org:8080", "http://a.org", false), ("a.org:443", "https://a.org", true), ("a.org:80", "http://b.a.org", true),
      ("a.org.", "http://a.org", true), ("a.org", "http://a.org.", true), ("localhost", "http://localhost:80", true),
      ("127.0.0.1", "http://127.0.0.1:80", true), ("127.0.0.1:81", "http://127.0.0.1:80", false),
      ("10.0.0.0/8", "http://10.1.2.3", true), ("10.0.0.0/8", "http://11.1.2.3", false),
      ("10.1.2.128/25", "http://10.1.2.127", false), ("10.1.2.128/25", "http://10.1.2.200", true),
      ("0.0.0.0/0", "http://1.2.3.4", true), ("10.0.0.0/33", "http://10.0.0.1", false),
      ("10.0.0.0/8", "http://a.org", false),
      ("::1", "http://[::1]:80", true), ("[::1]", "http://[::1]", true), ("[::1]:80", "http://[::1]:81", false),
      ("fd00::/8", "http://[fd12::1]", true), ("fd00::/8", "http://[fe12::1]", false),
      ("0.1", "http://10.0.0.1", false),
      ("user@a.org", "http://user@a.org", false), ("a.org", "http://user:pw@a.org/", true),
    ]
  )
  func aTargetIsExcepted(list: String, url: String, isExcepted: Bool) throws {
    #expect(NoProxyList(list).contains(try #require(HTTPTarget(url))) == isExcepted)
  }

  @Test(
    arguments: [
      (["http_proxy": "http://p:1"], "http://a", "p:1"), (["http_proxy": "http://p:1"], "https://a", nil),
      (["HTTPS_PROXY": "p:1"], "https://a", "p:1"), (["HTTPS_PROXY": "P"], "https://a", "p:80"),
      (["https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2"], "https://a", "low:1"),
      (["ALL_PROXY": "http://p:1/"], "https://a", "p:1"),
      (["all_proxy": "q:2", "http_proxy": "p:1"], "http://a", "p:1"),
      (["HTTP_PROXY": "p:1", "NO_PROXY": "a"], "http://a", nil),
      (["HTTP_PROXY": "p:1", "no_proxy": "b"], "http://a", "p:1"),
      (["HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"], "http://a", nil), (["HTTP_PROXY": ""], "http://a", nil),
      (["HTTP_PROXY": "http://[::1]:3128"], "http://a", "::1:3128"), ([:], "http://a", nil),
    ] as [([String: String], String, String?)]
  )
  func theProxyOfATarget(environment: [String: String], url: String, place: String?) throws {
    let proxy = try ProxyRules(environment: environment).proxy(for: try #require(HTTPTarget(url)))
    #expect(proxy.map { "\($0.host):\($0.port)" } == place)
  }

  @Test func aProxyWithAPassword() throws {
    let rules = ProxyRules(environment: ["HTTPS_PROXY": "http://ann:p%40ss:w@p:1"])
    let proxy = try rules.proxy(for: try #require(HTTPTarget("https://a")))
    #expect(proxy?.user == "ann" && proxy?.password == "p@ss:w" && proxy?.variable == "HTTPS_PROXY")
  }

  @Test(arguments: ["https://ann:geheim@p:1", "socks5://p", "http://:1", "http://ann:geheim@p:x"])
  func aProxyThatCannotBeUsed(value: String) throws {
    let target = try #require(HTTPTarget("https://a"))
    let error = #expect(throws: HTTPError.self) {
      try ProxyRules(environment: ["HTTPS_PROXY": value]).proxy(for: target)
    }
    #expect(error?.message.contains("HTTPS_PROXY") == true && error?.message.contains("geheim") == false)
  }

  @Test func unixSocketsHaveNone() { #expect(HTTPTarget(HTTPRequest.unixURL(socket: "/s", path: "/")) == nil) }

  @Test(
    arguments: [
      ("http://a", "b", "http://a/b"), ("http://a/", "/b", "http://a/b"), ("http://a/c//", "b/", "http://a/c/b/"),
    ]
  )
  func joining(base: String, path: String, url: String) { #expect(HTTPRequest.joined(base, path) == url) }

  @Test func forms() { #expect(HTTPRequest.form([("a", "1 +&="), ("b:c", "é")]) == "a=1%20%2B%26%3D&b%3Ac=%C3%A9") }
}
