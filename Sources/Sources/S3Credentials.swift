/// Never shown: descriptions have the key's id only.
package struct S3Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  package let accessKeyID: String
  package let secretAccessKey: String
  /// Of temporary credentials.
  package let sessionToken: String?

  package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
  }

  package var description: String { "S3Credentials(\(accessKeyID))" }
  package var debugDescription: String { description }
}
