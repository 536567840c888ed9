import Crypto
internal import HTTP
package import Model

/// AWS's Signature Version 4, as a pure function of the request (docs.aws.amazon.com, "Create a signed AWS API
/// request").
package struct SigV4: Sendable {
  package let credentials: S3Credentials
  package let region: String
  package let service: String

  package init(credentials: S3Credentials, region: String, service: String = "s3") {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  /// The request as it is signed.
  package struct Request: Sendable {
    package let method: String
    /// Encoded, as it is sent; S3 has it signed without a second encoding.
    package let path: String
    /// Not encoded.
    package let query: [(name: String, value: String)]
    /// All that are to be signed, `host` among them.
    package let headers: [(name: String, value: String)]
    /// Hexadecimal SHA-256 of the body.
    package let payload: String

    package init(
      _ method: String,
      _ path: String,
      query: [(name: String, value: String)] = [],
      headers: [(name: String, value: String)],
      payload: String
    ) {
      self.method = method
      self.path = path
      self.query = query
      self.headers = headers
      self.payload = payload
    }

    private var sortedHeaders: [(name: String, value: String)] {
      var values: [String: [String]] = [:]
      for (name, value) in headers {
        values[name.lowercased(), default: []].append(value.split { $0 == " " || $0 == "\t" }.joined(separator: " "))
      }
      return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { ($0.key, $0.value.joined(separator: ",")) }
    }

    var signedHeaders: String { sortedHeaders.map(\.name).joined(separator: ";") }

    var canonical: String {
      let query = query.map { (HTTPRequest.percentEncoded($0.name), HTTPRequest.percentEncoded($0.value)) }
        .sorted { $0 < $1 }.map { $0.0 + "=" + $0.1 }.joined(separator: "&")
      let headers = sortedHeaders.map { $0.name + ":" + $0.value + "\n" }.joined()
      return [method, path, query, headers, signedHeaders, payload].joined(separator: "\n")
    }
  }

  /// The value of the Authorization header. `time` is also that of the request's X-Amz-Date (`basic`).
  package func authorization(_ request: Request, time: Timestamp) -> String {
    let moment = Self.basic(time)
    let day = String(moment.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let digest = LocalSource.hexadecimal(SHA256.hash(data: Array(request.canonical.utf8)))
    let toSign = ["AWS4-HMAC-SHA256", moment, scope, digest].joined(separator: "\n")
    var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
    for part in [day, region, service, "aws4_request"] {
      key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
    }
    let signature = LocalSource.hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(toSign.utf8), using: key))
    return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
      + "SignedHeaders=\(request.signedHeaders), Signature=\(signature)"
  }

  /// ISO 8601's basic form in whole seconds: `20150830T123600Z`.
  package static func basic(_ time: Timestamp) -> String {
    let second: Int64 = 1_000_000_000
    return Timestamp(nanoseconds: time.nanoseconds / second * second).text.filter { $0 != "-" && $0 != ":" }
  }

  package static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
