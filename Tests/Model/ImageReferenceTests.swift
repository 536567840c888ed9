import Testing

@testable import Model

@Suite struct ImageReferenceTests {
  private static let hex = String(repeating: "0123456789abcdef", count: 4)

  /// Docker's own cases (distribution/reference, normalize_test.go and reference_test.go) and the reference's examples.
  @Test(
    arguments: [
      ("busybox", "docker.io/library/busybox:latest"), ("hello-world:latest", "docker.io/library/hello-world:latest"),
      ("python:3.11-slim", "docker.io/library/python:3.11-slim"), ("a/b", "docker.io/a/b:latest"),
      ("myrepo/myapp:0.1.0", "docker.io/myrepo/myapp:0.1.0"), ("docker.io/a", "docker.io/library/a:latest"),
      ("index.docker.io/library/a", "docker.io/library/a:latest"), ("localhost/a", "localhost/a:latest"),
      ("localhost:5000/a/b:t", "localhost:5000/a/b:t"), ("quay.io/a", "quay.io/a:latest"),
      ("host:5000/a", "host:5000/a:latest"), ("Host/a", "Host/a:latest"), ("[::1]:5000/a:t", "[::1]:5000/a:t"),
      ("[2001:db8::1]/a", "[2001:db8::1]/a:latest"), ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
      ("a@sha256:\(hex)", "docker.io/library/a@sha256:\(hex)"),
      ("a:t@sha256:\(hex)", "docker.io/library/a:t@sha256:\(hex)"),
      ("xn--n3h.com/a__b/c--d/e.f_g", "xn--n3h.com/a__b/c--d/e.f_g:latest"), ("a:5000", "docker.io/library/a:5000"),
      ("a:_T.-x", "docker.io/library/a:_T.-x"), ("a.b:8/c", "a.b:8/c:latest"), ("0/1", "docker.io/0/1:latest"),
      (String(hex.dropLast()), "docker.io/library/\(hex.dropLast()):latest"),
      ("\(hex):t", "docker.io/library/\(hex):t"),
    ]
  )
  func names(text: String, qualified: String) throws {
    let reference = try ImageReference(text)
    #expect(reference.qualified == qualified)
    #expect(try ImageReference(qualified) == reference)
  }

  @Test(
    arguments: [
      "", " ", "a b", "a\n", "a\nFROM b", "Busybox", "a/B", "docker.io/A", "a:", "a:-t", "a:.t", "a:t:u/", "a:té",
      "a@", "a@sha256:abc", "a@sha256:\(hex.uppercased())", "a@md5:\(hex)", "a@sha256:\(hex)0", "a@b@sha256:\(hex)",
      "/a", "a/", "a//b", "-a", "a-", "_a", "a_", "a___b", "a..b", "a._b", ".a", "https://host/a", "$IMAGE",
      "${X:-y}", hex, "host:port/a", "host:/a", "-host.x/a", "host-.x/a", "[::1/a", "[]/a", "[::1]x/a", "[g::]/a",
      "a AS b", "--platform=x a", "a:" + String(repeating: "t", count: 129), String(repeating: "a", count: 256),
      "é", "a\u{0}", "localhost:5000/", "scheme:a/b", "a:b/c:d",
    ]
  )
  func whatIsNoName(text: String) {
    let error = #expect(throws: ImageReferenceError.self) { _ = try ImageReference(text) }
    #expect(error.map { "\($0)".contains("\"\(text)\"") && !$0.reason.isEmpty } == true)
  }
}
