import Foundation
import HTTP
import Testing

@testable import Sources

/// What is pure of fetching; the rest is tested end to end, against real servers.
@Suite struct FetchTests {
  private static let digits = String(repeating: "0a", count: 32)

  @Test(
    arguments: [
      ("https://h/f#sha256=\(digits)", "https://h/f", digits),
      ("https://h/f#sha256=\(digits.uppercased())", "https://h/f", digits),
      ("zip+s3://bucket/k.zip#sha256=\(digits)", "zip+s3://bucket/k.zip", digits),
      ("https://h/f#x", "https://h/f#x", nil),
      ("git+https://h/r#sha256=1", "git+https://h/r#sha256=1", nil),
    ] as [(String, String, String?)]
  )
  func pins(_ text: String, _ source: String, _ sha256: String?) throws {
    let pinned = try PinnedSource(text)
    #expect(pinned.source == (try CodeSource(source)) && pinned.sha256 == sha256)
  }

  @Test func aBrokenPinIsRefused() {
    #expect(throws: SourceError.self) { try PinnedSource("https://h/f#sha256=12") }
  }

  @Test(
    arguments: [
      ("https://h/a/b.py?x#y", "b.py"), ("https://h/a%20b.py", "a b.py"), ("https://h/", nil), ("https://h", nil),
      ("https://h/a/..", nil), ("https://h/%2e%2e", nil), ("https://h/a%2Fb", nil), ("https://h/a%0Ab", nil),
      ("https://h/a%zz", nil),
    ] as [(String, String?)]
  )
  func fileNames(_ url: String, _ name: String?) { #expect(HTTPDownload.fileName(url) == name) }

  @Test(
    arguments: [
      ("https://o/x", "https://o/x"), ("//o/x", "https://o/x"), ("/x", "https://h:1/x"), ("x", "https://h:1/a/x"),
      ("http://o/x", nil), ("file:///etc/passwd", nil),
    ] as [(String, String?)]
  )
  func redirects(_ location: String, _ wanted: String?) {
    #expect((try? HTTPDownload.resolve(location, from: "https://h:1/a/b?q", "t")) == wanted)
  }

  private func git(_ uri: String, _ variables: [String: String]) throws -> GitFetch {
    guard case .git(let source) = try CodeSource(uri) else { throw SourceError("no git") }
    return GitFetch(
      source: source,
      variables: variables,
      limits: SourceLimits(),
      cancellation: BlockingThread.Cancellation()
    )
  }

  @Test func gitsConfigurationNamesNoSecretAndOneHost() throws {
    let fetch = try git("git+https://h:1/o/r#main", ["GIT_TOKEN": "s3cret"])
    let configuration = try fetch.gitConfiguration()
    #expect(configuration.contains("[credential \"https://h:1\"]") && !configuration.contains("s3cret"))
    #expect(fetch.credential?.user == "oauth2" && fetch.credential?.password == "s3cret")
    #expect(try !git("git+https://h/r", [:]).gitConfiguration().contains("credential"))
    #expect(throws: SourceError.self) { try git("git+https://h/r", ["GIT_TOKEN": "a\nb"]).gitConfiguration() }
  }

  @Test func gitsWordsAreShownWithoutSecrets() throws {
    let error = try git("git+https://h/r", ["GIT_TOKEN": "s3cret"]).failure("fatal: s3cret: Authentication failed\n")
    #expect(error.cause == "git: fatal: <credential>: Authentication failed")
    #expect(error.message.contains("does not accept the credential"))
  }

  @Test func aTarIsReadBack() async throws {
    let folder = try TemporaryFolder()
    let long = String(repeating: "long", count: 40) + "/ü" + String(repeating: "x", count: 120)
    try folder.write("main.py", "print(1)\n")
    try folder.write("bin/tool", "tool", mode: 0o700)
    try folder.write(long, "far down")
    let archive = try await TarArchive.make(
      try await LocalSource.read(folder.path),
      access: TarArchive.Access(owner: FileOwner(user: 1000, group: 2000), writers: .group),
      includesTop: true,
      temporaryDirectory: NSTemporaryDirectory()
    )
    var bytes = [UInt8](repeating: 0, count: archive.file.length)
    #expect(pread(archive.file.descriptor, &bytes, bytes.count, 0) == bytes.count)
    let place = try TemporaryFolder()
    let script = """
      import json, sys, tarfile
      with tarfile.open(sys.argv[1]) as tar:
        print(json.dumps([[m.name, oct(m.mode), f"{m.uid}:{m.gid}", tar.extractfile(m).read().decode() if m.isfile() else ""]
          for m in tar]))
      """
    let listing = try JSONDecoder().decode(
      [[String]].self,
      from: try await Python.run(["-c", script, try place.write("a.tar", bytes)])
    )
    #expect(
      listing == [
        [".", "0o2775", "1000:2000", ""], ["bin", "0o2775", "1000:2000", ""],
        ["bin/tool", "0o775", "1000:2000", "tool"],
        [String(repeating: "long", count: 40), "0o2775", "1000:2000", ""], [long, "0o664", "1000:2000", "far down"],
        ["main.py", "0o664", "1000:2000", "print(1)\n"],
      ]
    )
  }
}
