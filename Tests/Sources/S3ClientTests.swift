import Crypto
import Foundation
import HTTP
import Testing

@testable import Sources

/// Against a real S3 server, which checks every signature.
@Suite struct S3ClientTests {
  private func file(_ bytes: [UInt8]) throws -> (file: HTTPFile, sha256: String) {
    let folder = try TemporaryFolder()
    let descriptor = open(try folder.write("file", bytes), O_RDONLY)
    return (HTTPFile(adopting: descriptor, length: bytes.count), LocalSource.hexadecimal(SHA256.hash(data: bytes)))
  }

  @Test(arguments: ["a.zip", "my project/ü€+=&;:@,!'()*~_.-.zip", "a//b", "%41 %.zip", "日本"])
  func whatIsPutComesBack(key: String) async throws {
    try await S3Server.client { client, variables in
      let location = try S3Location.filesStore(variables).appending(UUID().uuidString).appending(key)
      // More than one chunk of the stream, and not a whole number of them.
      let bytes = (0..<600_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(try await client.size(location) == nil)
      let (file, sha256) = try file(bytes)
      try await client.put(file, sha256: sha256, location)
      #expect(try await client.size(location) == bytes.count)
      #expect(try await client.get(location, limit: 1 << 20) == bytes)
      let error = try await #require(throws: SourceError.self) { try await client.get(location, limit: 600_000) }
      #expect(error.message.contains("larger than 600000 bytes"))
    }
  }

  @Test(arguments: [
    (["AWS_SECRET_ACCESS_KEY": "wrong"], "does not accept", "AWS_SECRET_ACCESS_KEY"),
    (["AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"], "does not accept", "AWS_ACCESS_KEY_ID"),
  ])
  func wrongCredentials(changes: [String: String], says: String, hint: String) async throws {
    let error = try await #require(throws: SourceError.self) {
      try await S3Server.client(changes) { client, variables in
        let (file, sha256) = try file([1])
        try await client.put(file, sha256: sha256, try S3Location.filesStore(variables).appending("x"))
      }
    }
    #expect(error.message.contains(says), "\(error)")
    #expect(error.hint?.contains(hint) == true)
    #expect(!"\(error)".contains("wrong"))
  }

  @Test func temporaryCredentialsNeedTheirToken() async throws {
    let temporary = try await S3Server.temporary()
    try await S3Server.client(temporary) { client, variables in
      let (file, sha256) = try file([1, 2])
      let location = try S3Location.filesStore(variables).appending(UUID().uuidString)
      try await client.put(file, sha256: sha256, location)
      #expect(try await client.get(location, limit: 2) == [1, 2])
    }
    let error = try await #require(throws: SourceError.self) {
      try await S3Server.client(temporary.merging(["AWS_SESSION_TOKEN": "another"]) { $1 }) { client, variables in
        let (file, sha256) = try file([1])
        try await client.put(file, sha256: sha256, try S3Location.filesStore(variables).appending("x"))
      }
    }
    #expect(error.storeCode == "InvalidToken")
    #expect(error.hint?.contains("AWS_SESSION_TOKEN") == true)
  }

  @Test func aMissingBucketAndAMissingObject() async throws {
    try await S3Server.client { client, variables in
      let (file, sha256) = try file([1])
      let noBucket = try await #require(throws: SourceError.self) {
        try await client.put(file, sha256: sha256, S3Location(bucket: "nowhere", key: "x"))
      }
      #expect(noBucket.storeCode == "NoSuchBucket")
      #expect(noBucket.message.contains("no bucket nowhere"))
      let noKey = try await #require(throws: SourceError.self) {
        try await client.get(try S3Location.filesStore(variables).appending("nowhere"), limit: 10)
      }
      #expect(noKey.storeCode == "NoSuchKey")
    }
  }

  @Test func aServerThatIsNotThere() async throws {
    let error = try await #require(throws: SourceError.self) {
      try await S3Server.client(["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]) { client, _ in
        try await client.size(S3Location(bucket: "bucket", key: "x"))
      }
    }
    #expect(error.hint?.contains("AWS_ENDPOINT_URL") == true)
  }

  @Test func aFolderIsUploadedOnce() async throws {
    let folder = try TemporaryFolder()
    try folder.write("main.py", UUID().uuidString)
    try folder.write("lib/a.py", "print(1)\n")
    try await S3Server.client { client, variables in
      let uploader = SourceUploader(client, temporaryDirectory: NSTemporaryDirectory())
      let source = try await LocalSource.read(folder.path)
      let placement = try SourcePlacement.local(source) { () throws(SourceError) in
        try S3Location.filesStore(variables)
      }
      guard case .upload(let location) = placement else {
        Issue.record("\(placement)")
        return
      }
      #expect(location.uri == "s3://dh-test/files/\(source.fingerprint).zip")
      #expect(try await uploader.upload(source, to: location))
      #expect(try await uploader.upload(source, to: location) == false)
      let archive = try await ZipArchive.make(source, temporaryDirectory: NSTemporaryDirectory())
      let stored = try await client.get(location, limit: 1 << 20)
      #expect(LocalSource.hexadecimal(SHA256.hash(data: stored)) == archive.sha256)
    }
  }
}
