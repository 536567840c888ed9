import Model
import Testing

@testable import Sources

@Suite struct CodeSourceTests {
  private static let locals: [(text: String, path: String)] = [
    ("main.py", "main.py"), ("/srv/code", "/srv/code"), ("./a b/ü.py", "./a b/ü.py"), ("~/code.zip", "~/code.zip"),
    ("~", "~"), ("..", ".."), ("file:///srv/a%20b.py", "/srv/a b.py"), ("file:/srv/a.py", "/srv/a.py"),
    ("FILE://localhost/srv/%C3%BC", "/srv/ü"),
    // Odd, but names of files: a drive's letter is no scheme, and a scheme is followed by ://.
    (#"C:\code\main.py"#, #"C:\code\main.py"#), ("C:/code/main.py", "C:/code/main.py"), ("c://x", "c://x"),
    ("git@host:owner/repo", "git@host:owner/repo"), ("a:b.py", "a:b.py"), ("1x://y", "1x://y"),
    ("./https://x", "./https://x"), ("a#b?c.py", "a#b?c.py"), ("://x", "://x"), ("dir/x://y", "dir/x://y"),
    ("ü://x", "ü://x"), ("file:main.py", "file:main.py"), ("mailto:x", "mailto:x"), (" https", " https"),
  ]

  @Test(arguments: locals) func local(text: String, path: String) throws {
    let source = try CodeSource(text)
    #expect(source == .local(path: path))
    #expect(source.uri == nil)
  }

  private static let gits: [(text: String, transport: GitSource.Transport, url: String, ref: String?)] = [
    ("git+https://github.com/a/b#main", .https, "https://github.com/a/b", "main"),
    ("git+https://github.com/a/b.git", .https, "https://github.com/a/b.git", nil),
    ("GIT+HTTPS://host:8443/a%20b#feature/x-1.2", .https, "https://host:8443/a%20b", "feature/x-1.2"),
    ("git+https://[::1]:80/a#0123abcd", .https, "https://[::1]:80/a", "0123abcd"),
    ("git+ssh://git@github.com/a/b#v1", .ssh, "ssh://git@github.com/a/b", "v1"),
    ("git+ssh://host/a", .ssh, "ssh://host/a", nil),
    ("git+file:///srv/repo.git#main", .file, "file:///srv/repo.git", "main"),
  ]

  @Test(arguments: gits) func git(text: String, transport: GitSource.Transport, url: String, ref: String?) throws {
    guard case .git(let source) = try CodeSource(text) else {
      Issue.record("not git: \(text)")
      return
    }
    #expect(source.transport == transport)
    #expect(source.url == url)
    #expect(source.ref == ref)
    #expect(source.uri == "git+" + url + (ref.map { "#" + $0 } ?? ""))
  }

  private static let others: [(text: String, source: CodeSource, uri: String)] = [
    ("https://host/a.py?v=1", .http(url: "https://host/a.py?v=1", isArchive: false), "https://host/a.py?v=1"),
    ("HTTP://h:80/a", .http(url: "http://h:80/a", isArchive: false), "http://h:80/a"),
    ("zip+https://h/a.zip", .http(url: "https://h/a.zip", isArchive: true), "zip+https://h/a.zip"),
    ("zip+http://h/a.zip", .http(url: "http://h/a.zip", isArchive: true), "zip+http://h/a.zip"),
    ("s3://b-1/k/a b#c.py", .s3(S3Location(bucket: "b-1", key: "k/a b#c.py"), isArchive: false), "s3://b-1/k/a b#c.py"),
    (
      "zip+s3://bucket/a.zip", .s3(S3Location(bucket: "bucket", key: "a.zip"), isArchive: true), "zip+s3://bucket/a.zip"
    ),
    (
      "store://p/artifact/artifact/n:1", .reference(uri: "store://p/artifact/artifact/n:1"),
      "store://p/artifact/artifact/n:1"
    ),
    ("hf://org/model", .reference(uri: "hf://org/model"), "hf://org/model"),
    ("oci://reg/image:1", .reference(uri: "oci://reg/image:1"), "oci://reg/image:1"),
  ]

  @Test(arguments: others) func other(text: String, source: CodeSource, uri: String) throws {
    #expect(try CodeSource(text) == source)
    #expect(try CodeSource(text).uri == uri)
  }

  private static let refusals: [(text: String, says: String, hint: String)] = [
    ("", "empty", "path"), ("a\0b", "NUL", "path"),
    ("ftp://h/x", "ftp://", "git+https://"), ("git://h/x", "git://", "git+https://"),
    ("git+http://h/x", "git+http://", "git+https://"), ("gs://b/k", "gs://", "s3://"),
    ("https:/h/x", "https: but not with https://", "https://"), ("s3:b/k", "s3:", "s3://"),
    ("file://host/x", "another machine", "file:///"), ("file:///a%zz", "hexadecimal", "%25"),
    ("file:///a%0", "hexadecimal", "%25"), ("file:///a%00", "hexadecimal", "%25"), ("file:///%ff", "UTF-8", "path"),
    ("https:///x", "no host", "https://host"), ("https://", "no host", "https://host"),
    ("https://h:0/x", "no host", "host"), ("https://-h/x", "no host", "host"),
    ("https://h/a b", "no URL may have", "%20"), ("https://h/ü", "no URL may have", "%20"),
    ("https://h\\x", "no URL may have", "percent"), ("https://h/x\n", "no URL may have", "percent"),
    ("git+https://h", "no repository", "git+https://"), ("git+https://h/#x", "no repository", "git+https://"),
    ("git+https://h/a#", "no branch", "#main"), ("git+https://h/a#-x", "no branch", "#main"),
    ("git+https://h/a#a..b", "no branch", "#main"), ("git+https://h/a#a b", "no branch", "#main"),
    ("git+https://h/a#a#b", "no branch", "#main"), ("git+file://h/a", "absolute path", "git+file:///"),
    ("git+file:///", "absolute path", "git+file:///"), ("git+ssh://-oProxyCommand=x/a", "no host", "host"),
    ("s3://", "no bucket", "s3://bucket/key"), ("s3://ab/k", "no bucket", "s3://bucket/key"),
    ("s3://bucket", "no object", "s3://bucket/key"), ("zip+s3://bucket/", "no object", "s3://bucket/key"),
    ("s3://bucket/a\nb", "control", "key"),
  ]

  @Test(arguments: refusals) func refusal(text: String, says: String, hint: String) throws {
    let error = try #require(throws: SourceError.self) { try CodeSource(text) }
    #expect(error.message.hasPrefix("`code_src`"))
    #expect(error.message.contains(says), "\(error.message)")
    #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "")")
  }

  @Test(arguments: [
    "https://ann:s3cret@h/a", "https://s3cret@h/a", "zip+https://s3cret@h/a", "git+https://s3cret@h/a/b#main",
    "git+https://ann:s3cret@h/a/b", "git+ssh://git:s3cret@h/a", "git+ssh://-s3cret@h/a", "s3://s3cret:x@bucket/k",
    "store://s3cret@p/x", "https://h/a?X-Amz-Signature=s3cret", "https://h/a?x=1&access_token=s3cret#y",
    "zip+https://h/a?sig=s3cret", "git+https://h/a?private_token=s3cret",
  ])
  func credentialsAreRefusedAndNotShown(text: String) throws {
    let error = try #require(throws: SourceError.self) { try CodeSource(text) }
    #expect(error.message.contains("credential"))
    #expect(!"\(error)".contains("s3cret"))
    #expect(error.hint != nil)
  }

  @Test(arguments: [
    ("/a", "/a"), ("a/b", "/folder/a/b"), ("./a", "/folder/./a"), ("~", "/home/ann"), ("~/a", "/home/ann/a"),
    ("~bob/a", "/folder/~bob/a"),
  ])
  func absolutePaths(path: String, absolute: String) throws {
    #expect(try LocalPath.absolute(path, directory: "/folder", home: "/home/ann") == absolute)
  }

  @Test func aHomeIsNeededForATilde() {
    #expect(throws: SourceError.self) { try LocalPath.absolute("~/a", directory: "/folder", home: nil) }
    #expect(throws: SourceError.self) { try LocalPath.absolute("~/a", directory: "/folder", home: "") }
  }

  @Test(arguments: [
    (#"/folder/C:\code\main.py"#, "Windows"), ("/folder/C:/code", "Windows"), ("/folder/git@host.org:a/b", "git+ssh://"),
    ("/folder/github.com/a/b", "https://"), ("/folder/main.py", "started in"), ("/folder/~bob", "~user"),
  ])
  func aMissingPathHasARemedy(path: String, hint: String) {
    #expect(LocalPath.hintForMissing(path).contains(hint))
  }
}
