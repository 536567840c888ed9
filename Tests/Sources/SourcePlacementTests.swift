import JSON
import Model
import Testing

@testable import Sources

@Suite struct SourcePlacementTests {
  private static let remotes: [(text: String, uri: String)] = [
    ("git+https://github.com/a/b#main", "git+https://github.com/a/b#main"), ("s3://bucket/k", "s3://bucket/k"),
    ("zip+s3://bucket/k.zip", "zip+s3://bucket/k.zip"), ("https://h/a", "https://h/a"),
    ("ZIP+https://h/a.zip", "zip+https://h/a.zip"), ("store://p/artifact/x:1", "store://p/artifact/x:1"),
  ]

  @Test(arguments: remotes) func remote(text: String, uri: String) throws {
    let placement = try SourcePlacement.remote(try CodeSource(text))
    #expect(placement == .reference(uri: uri))
    #expect(placement?.members == ["source": .string(uri)])
  }

  @Test func aLocalOneIsNotRemote() throws {
    #expect(try SourcePlacement.remote(try CodeSource("main.py")) == nil)
  }

  @Test(arguments: ["git+ssh://git@h/a/b", "git+file:///srv/a"])
  func whatTheServerPassesOverIsRefused(text: String) throws {
    let error = try #require(throws: SourceError.self) { try SourcePlacement.remote(try CodeSource(text)) }
    #expect(error.message.contains(text.prefix(7)))
    #expect(error.hint?.contains("git+https://") == true)
  }

  private func noStore() throws(SourceError) -> S3Location { throw SourceError("asked for a store") }

  /// The SDK's recorded request (traces, 48_function_code_src_local).
  @Test func aSmallFileTravelsInTheFunction() async throws {
    let folder = try TemporaryFolder()
    let source = try await LocalSource.read(try folder.write("src.py", "print(1)\n"))
    let placement = try SourcePlacement.local(source, store: noStore)
    #expect(placement.members == ["source": "src.py", "base64": "cHJpbnQoMSkK"])
  }

  @Test func foldersArchivesAndLargeFilesGoToTheStore() async throws {
    let folder = try TemporaryFolder()
    let large = try folder.write("code/a.py", "12345678")
    let zip = try folder.write("a.zip", [0x50, 0x4B, 3, 4])
    for path in [large, folder.path + "/code", zip] {
      let source = try await LocalSource.read(path, limits: SourceLimits(inlineBytes: 4))
      let placement = try SourcePlacement.local(source) { () throws(SourceError) in
        S3Location(bucket: "lake", key: "my-project")
      }
      let uri = "zip+s3://lake/my-project/\(source.fingerprint).zip"
      #expect(placement.members == ["source": .string(uri)])
      let error = try #require(throws: SourceError.self) { try SourcePlacement.local(source, store: noStore) }
      #expect(error.message == "asked for a store")
    }
  }

  @Test func errorsReachTheCaller() {
    let error = SourceError("m", hint: "h", cause: "c").sidecarError
    #expect(error == SidecarError(.sourceError, "m", hint: "h", cause: "c"))
  }
}
