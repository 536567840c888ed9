import HTTP
import Testing

@testable import Sources

@Suite struct S3StoreTests {
  private static let keys = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"]

  private static let addresses: [(variables: [String: String], bucket: String, url: String)] = [
    ([:], "bucket", "https://bucket.s3.us-east-1.amazonaws.com/k/a%20b.zip"),
    (["AWS_REGION": "eu-south-1"], "bucket", "https://bucket.s3.eu-south-1.amazonaws.com/k/a%20b.zip"),
    (["aws_region": "eu-south-1"], "bucket", "https://bucket.s3.eu-south-1.amazonaws.com/k/a%20b.zip"),
    ([:], "my.bucket", "https://s3.us-east-1.amazonaws.com/my.bucket/k/a%20b.zip"),
    (["S3_PATH_STYLE": "true"], "bucket", "https://s3.us-east-1.amazonaws.com/bucket/k/a%20b.zip"),
    (["AWS_ENDPOINT_URL": "http://minio:9000"], "bucket", "http://minio:9000/bucket/k/a%20b.zip"),
    (["AWS_ENDPOINT_URL": "HTTPS://Minio:443/"], "bucket", "https://minio/bucket/k/a%20b.zip"),
    (["AWS_ENDPOINT_URL": "http://[::1]:80"], "bucket", "http://[::1]/bucket/k/a%20b.zip"),
    (
      ["AWS_ENDPOINT_URL": "http://minio:9000", "S3_PATH_STYLE": "False"], "bucket",
      "http://bucket.minio:9000/k/a%20b.zip"
    ),
    (["AWS_ENDPOINT_URL": "", "AWS_REGION": ""], "bucket", "https://bucket.s3.us-east-1.amazonaws.com/k/a%20b.zip"),
  ]

  @Test(arguments: addresses) func address(variables: [String: String], bucket: String, url: String) throws {
    let store = try S3Store(variables.merging(Self.keys) { $1 })
    #expect(store.address(S3Location(bucket: bucket, key: "k/a b.zip")).url == url)
  }

  private static let refusals: [(variables: [String: String], says: String)] = [
    (["AWS_ACCESS_KEY_ID": ""], "AWS_ACCESS_KEY_ID is missing"),
    (
      ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""], "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing"
    ),
    (["S3_SIGNATURE_VERSION": "s3"], "S3_SIGNATURE_VERSION"), (["S3_PATH_STYLE": "maybe"], "S3_PATH_STYLE"),
    (["AWS_ENDPOINT_URL": "minio:9000"], "AWS_ENDPOINT_URL"), (["AWS_ENDPOINT_URL": "http://"], "AWS_ENDPOINT_URL"),
    (["AWS_ENDPOINT_URL": "http://h/path"], "AWS_ENDPOINT_URL"),
    (["AWS_ENDPOINT_URL": "http://a:s3cret@h"], "AWS_ENDPOINT_URL has a credential"),
  ]

  @Test(arguments: refusals) func refusal(variables: [String: String], says: String) throws {
    let error = try #require(throws: SourceError.self) { try S3Store(Self.keys.merging(variables) { $1 }) }
    #expect(error.message.contains(says), "\(error.message)")
    #expect(error.hint != nil)
    #expect(!"\(error)".contains("s3cret"))
  }

  private static let stores: [(variables: [String: String], uri: String)] = [
    (["DHCORE_DEFAULT_FILES_STORE": "s3://datalake"], "s3://datalake/x.zip"),
    (["DHCORE_DEFAULT_FILES_STORE": "s3://datalake/a/b/", "S3_BUCKET": "other"], "s3://datalake/a/b/x.zip"),
    (["dhcore_default_files_store": "s3://datalake/a"], "s3://datalake/a/x.zip"),
    (["S3_BUCKET": "datalake"], "s3://datalake/x.zip"),
  ]

  @Test(arguments: stores) func filesStore(variables: [String: String], uri: String) throws {
    #expect(try S3Location.filesStore(variables).appending("x.zip").uri == uri)
  }

  @Test(
    arguments: [
      ([:], "no store"), (["DHCORE_DEFAULT_FILES_STORE": "/tmp"], "DHCORE_DEFAULT_FILES_STORE"),
      (["S3_BUCKET": "a"], "S3_BUCKET"),
    ] as [([String: String], String)]
  )
  func noFilesStore(variables: [String: String], says: String) throws {
    let error = try #require(throws: SourceError.self) { try S3Location.filesStore(variables) }
    #expect(error.message.contains(says))
    #expect(error.hint != nil)
  }

  private static let replies: [(status: Int, body: String, region: String?, says: String, hint: String?)] = [
    (
      404, "<Error><Code>NoSuchBucket</Code><Message>The &quot;b&quot; &amp;lt; bucket</Message></Error>", nil,
      "no bucket b", "AWS_ENDPOINT_URL"
    ),
    (403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", nil, "may not", "s3://b"),
    (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", nil, "does not accept", "AWS_SECRET_ACCESS_KEY"),
    (400, "<?xml?><Error><Code>ExpiredToken</Code><Message>old</Message></Error>", nil, "expired", "sign in"),
    (301, "<Error><Code>PermanentRedirect</Code></Error>", "eu-west-1", "another region", "AWS_REGION to eu-west-1"),
    (301, "", nil, "another region", "AWS_REGION"), (400, "", "eu-west-1", "refused", "AWS_REGION to eu-west-1"),
    (403, "<html><Code>x</Code></html>", nil, "may not", "allowed"), (503, "<html>", nil, "in trouble", "later"),
    (413, "", nil, "larger", "data"), (409, "", nil, "refused", nil),
  ]

  @Test(arguments: replies) func reply(status: Int, body: String, region: String?, says: String, hint: String?) {
    let store = S3Store(credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret"))
    let reply = S3Reply(status: status, body: Array(body.utf8), bucketRegion: region)
    let error = reply.error("put it there", S3Location(bucket: "b", key: "k"), store)
    #expect(error.message.hasPrefix("can't put it there: "))
    #expect(error.message.contains(says), "\(error.message)")
    #expect(hint.map { error.hint?.contains($0) == true } ?? (error.hint == nil), "\(error.hint ?? "")")
    #expect(error.cause?.contains("answered \(status)") == true)
    #expect(error.isExpiredCredentials == body.contains("ExpiredToken"))
  }

  @Test func theServersWordsAreKept() {
    let body = "<Error><Code>Odd</Code><Message>The &quot;b&quot; &amp;lt; bucket</Message></Error>"
    let reply = S3Reply(status: 400, body: Array(body.utf8), bucketRegion: nil)
    let store = S3Store(credentials: S3Credentials(accessKeyID: "id", secretAccessKey: "secret"))
    let error = reply.error("x", S3Location(bucket: "b", key: "k"), store)
    #expect(error.cause == #"the S3 server answered 400, Odd: The "b" &lt; bucket"#)
    #expect(error.storeCode == "Odd")
  }
}
