internal import HTTP

/// An S3 server and who asks it.
package struct S3Store: Sendable, Hashable {
  /// Scheme, host and port, without a `/` at the end; nil: Amazon's own of the region.
  package let endpoint: String?
  package let region: String
  /// The bucket is in the path (`host/bucket/key`), not in the host's name (`bucket.host/key`).
  package let usesPathStyle: Bool
  package let credentials: S3Credentials

  package init(
    endpoint: String? = nil,
    region: String = "us-east-1",
    usesPathStyle: Bool? = nil,
    credentials: S3Credentials
  ) {
    self.endpoint = endpoint
    self.region = region
    // A server of one's own seldom has a name for each bucket.
    self.usesPathStyle = usesPathStyle ?? (endpoint != nil)
    self.credentials = credentials
  }

  /// From the variables that a DigitalHub server hands out, under these names or in lower case: `AWS_ENDPOINT_URL`,
  /// `AWS_REGION`, `S3_PATH_STYLE`, `S3_SIGNATURE_VERSION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
  /// `AWS_SESSION_TOKEN`. Throws a `SourceError` that names the one that is missing or wrong.
  package init(_ variables: [String: String]) throws(SourceError) {
    func value(_ name: String) -> String? { Self.value(name, variables) }
    guard let id = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") else {
      let missing = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].filter { value($0) == nil }
      throw SourceError(
        "there are no credentials for the S3 store: \(missing.joined(separator: " and ")) \(missing.count == 1 ? "is" : "are") missing",
        hint: "sign in to Core so that it hands them out, or set them in the environment"
      )
    }
    if let version = value("S3_SIGNATURE_VERSION"), !["s3v4", "v4", "4"].contains(version.lowercased()) {
      throw SourceError("S3_SIGNATURE_VERSION is not supported: \(version)", hint: "set it to s3v4, or unset it")
    }
    let pathStyle: Bool?
    switch value("S3_PATH_STYLE")?.lowercased() {
    case nil: pathStyle = nil
    case "true", "1", "yes": pathStyle = true
    case "false", "0", "no": pathStyle = false
    default: throw SourceError("S3_PATH_STYLE is neither true nor false", hint: "set it to true or false")
    }
    self.init(
      endpoint: try value("AWS_ENDPOINT_URL").map { text throws(SourceError) in try Self.endpoint(text) },
      region: value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? "us-east-1",
      usesPathStyle: pathStyle,
      credentials: S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
    )
  }

  /// An object's URL, and of it what is signed. `path` is encoded.
  struct Address: Hashable {
    let scheme: String
    let host: String
    let path: String
    var url: String { scheme + "://" + host + path }
  }

  func address(_ location: S3Location) -> Address {
    let base = endpoint ?? "https://s3.\(region).amazonaws.com"
    let parts = base.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    let scheme = String(parts[0].dropLast())
    let host = parts.count > 2 ? String(parts[2]) : ""
    let key = location.key.split(separator: "/", omittingEmptySubsequences: false)
      .map { HTTPRequest.percentEncoded(String($0)) }.joined(separator: "/")
    // The certificate of *.host is not one for a name with more dots.
    let isDotted = scheme == "https" && location.bucket.contains(".")
    return usesPathStyle || isDotted
      ? Address(scheme: scheme, host: host, path: "/" + location.bucket + "/" + key)
      : Address(scheme: scheme, host: location.bucket + "." + host, path: "/" + key)
  }

  /// Empty counts as not given.
  static func value(_ name: String, _ variables: [String: String]) -> String? {
    [name, name.lowercased()].compactMap { variables[$0] }.first { !$0.isEmpty }
  }

  private static func endpoint(_ text: String) throws(SourceError) -> String {
    let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
    let remedy = "write it as https://host or http://host:port"
    for scheme in ["http", "https"] where trimmed.lowercased().hasPrefix(scheme + "://") {
      var host = trimmed.dropFirst(scheme.count + 3).lowercased()
      guard !host.contains("@") else {
        throw SourceError(
          "AWS_ENDPOINT_URL has a credential in it",
          hint: remedy + "; the keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
      }
      guard !host.isEmpty, !host.contains(where: { "/?# ".contains($0) }) else { break }
      // The scheme's own port is not sent in Host, so it must not be signed either.
      let usual = scheme == "http" ? ":80" : ":443"
      if host.hasSuffix(usual) { host = String(host.dropLast(usual.count)) }
      return scheme + "://" + host
    }
    throw SourceError("AWS_ENDPOINT_URL is no address of a server: \(text)", hint: remedy)
  }
}
