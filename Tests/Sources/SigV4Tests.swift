import Foundation
import JSON
import Model
import Testing

@testable import Sources

@Suite struct SigV4Tests {
  private static func time(_ text: String) -> Timestamp { Timestamp(parsing: text) ?? .now() }

  /// AWS's published test suite (aws-sig-v4-test-suite): name, method, query, further headers, body, signature.
  private static let suite:
    [(name: String, method: String, query: [(String, String)], headers: [(String, String)], signature: String)] = [
      ("get-vanilla", "GET", [], [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
      (
        "get-vanilla-query-order-key-case", "GET", [("Param2", "value2"), ("Param1", "value1")], [],
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
      ),
      ("post-vanilla", "POST", [], [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
      (
        "get-header-value-trim", "GET", [], [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
      ),
    ]

  @Test(arguments: suite)
  func publishedSuite(
    name: String,
    method: String,
    query: [(String, String)],
    headers: [(String, String)],
    signature: String
  ) {
    let signer = SigV4(
      credentials: S3Credentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
      ),
      region: "us-east-1",
      service: "service"
    )
    let request = SigV4.Request(
      method,
      "/",
      query: query.map { (name: $0.0, value: $0.1) },
      headers: ([("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")] + headers)
        .map { (name: $0.0, value: $0.1) },
      payload: SigV4.emptyPayload
    )
    let authorization = signer.authorization(request, time: Self.time("2015-08-30T12:36:00Z"))
    #expect(authorization.hasSuffix("Signature=" + signature), "\(name): \(request.canonical)")
  }

  /// S3's own examples (docs.aws.amazon.com, "Authorization header, single chunk").
  private static let examples:
    [(
      method: String, path: String, query: [(String, String)], headers: [(String, String)], payload: String,
      signature: String
    )] = [
      (
        "GET", "/test.txt", [], [("Range", "bytes=0-9")], SigV4.emptyPayload,
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
      ),
      (
        "PUT", "/test%24file.text", [],
        [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
      ),
      (
        "GET", "/", [("lifecycle", "")], [], SigV4.emptyPayload,
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
      ),
      (
        "GET", "/", [("max-keys", "2"), ("prefix", "J")], [], SigV4.emptyPayload,
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
      ),
    ]

  @Test(arguments: examples)
  func publishedExamples(
    method: String,
    path: String,
    query: [(String, String)],
    headers: [(String, String)],
    payload: String,
    signature: String
  ) {
    let signer = SigV4(
      credentials: S3Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
      ),
      region: "us-east-1"
    )
    let all =
      [
        ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
        ("x-amz-date", "20130524T000000Z"),
      ] + headers
    let request = SigV4.Request(
      method,
      path,
      query: query.map { (name: $0.0, value: $0.1) },
      headers: all.map { (name: $0.0, value: $0.1) },
      payload: payload
    )
    let authorization = signer.authorization(request, time: Self.time("2013-05-24T00:00:00Z"))
    #expect(authorization.hasSuffix("Signature=" + signature), "\(request.canonical)")
  }

  /// Whole requests as the client makes them, against AWS's own client library.
  @Test func botocoreSignsTheSame() async throws {
    var cases: [[String: Any]] = []
    var ours: [String] = []
    let stores = [nil, "http://127.0.0.1:9000", "https://s3.example.org"]
    for (index, key) in ["a.zip", "my project/ü€+=&;:@,!'()*~_.-.zip", "a//b/../c", "%41 %", "日本"].enumerated() {
      for endpoint in stores {
        let token = index % 2 == 0 ? nil : "token/with+signs=="
        let credentials = S3Credentials(accessKeyID: "AKID", secretAccessKey: "se/cr+et", sessionToken: token)
        let store = S3Store(endpoint: endpoint, region: "eu-south-1", credentials: credentials)
        let address = store.address(S3Location(bucket: "my-bucket", key: key))
        let time = Self.time("2026-0\(index + 1)-03T04:05:06.789Z")
        var headers = [
          ("Host", address.host), ("X-Amz-Content-Sha256", "ab12"), ("X-Amz-Date", SigV4.basic(time)),
        ]
        if let token { headers.append(("X-Amz-Security-Token", token)) }
        ours.append(
          SigV4(credentials: credentials, region: "eu-south-1").authorization(
            SigV4.Request("PUT", address.path, headers: headers.map { (name: $0.0, value: $0.1) }, payload: "ab12"),
            time: time
          )
        )
        cases.append([
          "method": "PUT", "url": address.url, "headers": [:], "time": SigV4.basic(time), "access_key": "AKID",
          "secret_key": "se/cr+et", "token": token ?? NSNull(), "region": "eu-south-1", "payload": "ab12",
        ])
      }
    }
    let input = try JSONSerialization.data(withJSONObject: cases)
    let output = try await Python.run([Python.script("sign.py")], input: input)
    let theirs = try JSONDecoder().decode([[String: String]].self, from: output)
    #expect(theirs.compactMap { $0["authorization"] } == ours)
    #expect(theirs.count == cases.count)
  }

  @Test func credentialsAreNotShown() {
    let credentials = S3Credentials(accessKeyID: "AKID", secretAccessKey: "s3cret", sessionToken: "t0ken")
    for text in ["\(credentials)", String(reflecting: credentials), "\(S3Store(credentials: credentials))"] {
      #expect(!text.contains("s3cret") && !text.contains("t0ken"))
    }
  }
}
