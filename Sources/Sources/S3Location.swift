/// An object, or where objects begin with: `s3://bucket/key`.
package struct S3Location: Sendable, Hashable {
  package let bucket: String
  /// As S3 has it: nothing is encoded, and it begins with no `/`.
  package let key: String

  package init(bucket: String, key: String) {
    self.bucket = bucket
    self.key = key
  }

  /// `s3://bucket/key`. `field` is what errors name.
  package init(parsing text: String, field: String) throws(SourceError) {
    try self.init(parsing: text, field: field, needsKey: true)
  }

  /// The store that a project's files go to: `DHCORE_DEFAULT_FILES_STORE` (`s3://bucket/prefix`, the prefix may be
  /// missing), else the bucket named by `S3_BUCKET`. Throws a `SourceError` where there is neither.
  package static func filesStore(_ variables: [String: String]) throws(SourceError) -> S3Location {
    if let text = S3Store.value("DHCORE_DEFAULT_FILES_STORE", variables) {
      return try S3Location(parsing: text, field: "DHCORE_DEFAULT_FILES_STORE", needsKey: false)
    }
    if let bucket = S3Store.value("S3_BUCKET", variables) {
      return try S3Location(parsing: "s3://" + bucket, field: "S3_BUCKET", needsKey: false)
    }
    throw SourceError(
      "no store is known that the source could be put into",
      hint: "set DHCORE_DEFAULT_FILES_STORE to s3://bucket/prefix (or S3_BUCKET to the bucket), or give the source as "
        + "git+https:// or as one small file"
    )
  }

  private init(parsing text: String, field: String, needsKey: Bool) throws(SourceError) {
    let form = needsKey ? "write s3://bucket/key" : "write s3://bucket/prefix"
    guard text.hasPrefix("s3://") else { throw SourceError("`\(field)` is no s3:// URI", hint: form) }
    let rest = text.dropFirst("s3://".count)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    let bucket = rest[..<end]
    guard !bucket.contains("@") else {
      throw SourceError(
        "`\(field)` has a credential in its URI, which would be stored and shown in the clear",
        hint: "remove what stands before the @; the keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
      )
    }
    guard Self.isBucket(bucket) else { throw SourceError("`\(field)` names no bucket after s3://", hint: form) }
    let key = String(rest[end...].drop { $0 == "/" })
    guard !needsKey || !key.isEmpty else { throw SourceError("`\(field)` names no object in the bucket", hint: form) }
    guard key.utf8.count <= 1024, !key.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
      throw SourceError(
        "`\(field)` has a key of more than 1024 bytes, or with a control character",
        hint: "choose a shorter, printable key"
      )
    }
    self.init(bucket: String(bucket), key: key)
  }

  /// Further down: a `/` is put in between where there is none.
  package func appending(_ name: String) -> S3Location {
    S3Location(bucket: bucket, key: key.isEmpty || key.hasSuffix("/") ? key + name : key + "/" + name)
  }

  package var uri: String { "s3://\(bucket)/\(key)" }

  /// 3 to 63 of these (S3's bucket naming rules); other servers and old buckets have capitals and underscores too.
  private static func isBucket(_ text: Substring) -> Bool {
    (3...63).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || ".-_".utf8.contains($0)
      }
  }
}
