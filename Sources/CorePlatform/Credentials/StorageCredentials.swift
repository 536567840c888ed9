internal import Model
package import Settings

/// An S3 store with the keys to it, as Core hands them out or as they are configured.
package struct StorageCredentials: Sendable, Hashable {
  /// Nil: AWS itself.
  package var endpoint: String?
  package var region: String?
  package var bucket: String?
  package var accessKey: String
  package var secretKey: Secret
  package var sessionToken: Secret?
  /// When the keys end, as the server says it (ISO 8601); nil: not known.
  package var expiration: String?
  /// The bucket in the path, not in the host name; nil: nothing is said.
  package var pathStyle: Bool?

  /// Nil where there are no keys.
  init?(_ storage: Settings.Core.Storage) {
    guard let accessKey = storage.accessKey?.value, let secretKey = storage.secretKey?.value else { return nil }
    self.accessKey = accessKey
    self.secretKey = secretKey
    sessionToken = storage.sessionToken?.value
    expiration = storage.expiration?.value
    endpoint = storage.endpoint?.value
    region = storage.region?.value
    bucket = storage.bucket?.value
    pathStyle = storage.pathStyle?.value
  }

  /// Those of the answer; what it leaves out about the store itself is as configured. Nil where it has no keys.
  init?(_ response: TokenResponse, configured storage: Settings.Core.Storage) {
    guard let accessKey = response["aws_access_key_id"], let secretKey = response["aws_secret_access_key"] else {
      return nil
    }
    self.accessKey = accessKey
    self.secretKey = Secret(secretKey)
    sessionToken = response["aws_session_token"].map { Secret($0) }
    expiration = response["aws_credentials_expiration"]
    endpoint = storage.endpoint?.value ?? response["aws_endpoint_url"] ?? response["s3_endpoint_url"]
    region = storage.region?.value ?? response["aws_region"] ?? response["s3_region"]
    bucket = storage.bucket?.value ?? response["s3_bucket"]
    pathStyle = storage.pathStyle?.value ?? response["s3_path_style"].map { $0.lowercased() == "true" }
  }

  /// Whether they are known to be of no more use.
  var hasEnded: Bool {
    guard let expiration, let end = Timestamp(parsing: expiration) else { return false }
    return end <= .now()
  }
}
