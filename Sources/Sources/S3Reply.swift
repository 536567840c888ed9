/// What an S3 server said when it refused: `<Error><Code>…</Code><Message>…</Message></Error>`.
struct S3Reply: Hashable {
  let status: Int
  /// Nil where the body is no such document: an answer to HEAD has none, and a proxy has pages of its own.
  let code: String?
  let message: String?
  /// The X-Amz-Bucket-Region header.
  let bucketRegion: String?

  init(status: Int, body: [UInt8], bucketRegion: String?) {
    self.status = status
    self.bucketRegion = bucketRegion
    let text = String(decoding: body, as: UTF8.self)
    let isError = text.contains("<Error>") || text.contains("<Error ")
    code = isError ? Self.element("Code", text) : nil
    message = isError ? Self.element("Message", text) : nil
  }

  var isTooSkewed: Bool { code == "RequestTimeTooSkewed" || code == "RequestExpired" }

  /// The same request may succeed a moment later.
  var isTemporary: Bool { [500, 502, 503, 504].contains(status) || code == "SlowDown" || code == "RequestTimeout" }

  /// `doing` reads like "put the source into s3://bucket/key".
  func error(_ doing: String, _ location: S3Location, _ store: S3Store) -> SourceError {
    let words = [code, message].compactMap(\.self).joined(separator: ": ")
    return SourceError(
      "can't \(doing): \(reason(location))",
      hint: hint(location, store),
      cause: "the S3 server answered \(status)" + (words.isEmpty ? "" : ", \(words)"),
      storeCode: code
    )
  }

  private func reason(_ location: S3Location) -> String {
    switch code {
    case "NoSuchBucket": "there is no bucket \(location.bucket)"
    case "NoSuchKey": "there is no such object"
    case "AccessDenied": "these credentials may not do it"
    case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId":
      "the server does not accept these credentials"
    case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired": "the credentials have expired"
    case "RequestTimeTooSkewed", "RequestExpired": "the clocks of this machine and of the server differ"
    case "XAmzContentSHA256Mismatch", "BadDigest": "it changed while it was sent"
    case "EntityTooLarge": "it is larger than the server takes"
    case "PermanentRedirect", "AuthorizationHeaderMalformed": "the bucket is in another region"
    default:
      switch status {
      case 301, 307: "the bucket is in another region, or at another address"
      case 401, 403: "these credentials may not do it"
      case 404: "there is no such object"
      case 413: "it is larger than the server takes"
      case 500...: "the server is in trouble"
      default: "the server refused"
      }
    }
  }

  private func hint(_ location: S3Location, _ store: S3Store) -> String? {
    switch code {
    case "NoSuchBucket": return "check the bucket's name and AWS_ENDPOINT_URL, or have the bucket made"
    case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId":
      return "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, which belong together"
    case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
      return "sign in again, so that new ones are handed out"
    case "RequestTimeTooSkewed", "RequestExpired": return "set this machine's clock"
    case "XAmzContentSHA256Mismatch", "BadDigest": return "try again when nothing writes to it"
    default: break
    }
    if [301, 307, 400].contains(status), let bucketRegion, bucketRegion != store.region {
      return "set AWS_REGION to \(bucketRegion) (it is \(store.region))"
    }
    switch status {
    case 301, 307: return "set AWS_REGION to the bucket's (it is \(store.region)), or check AWS_ENDPOINT_URL"
    case 401, 403: return "have these credentials allowed to read and write s3://\(location.bucket)"
    case 413: return "keep data out of the source: put it into the image, into S3, or on a volume"
    case 500...: return "try again later"
    default: return nil
    }
  }

  /// The text of the first element of this name, with XML's five entities resolved.
  private static func element(_ name: String, _ text: String) -> String? {
    guard let start = text.firstRange(of: "<\(name)>"),
      let end = text[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    var value = String(text[start.upperBound..<end.lowerBound])
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
      value = value.replacing(entity, with: character)
    }
    return value.isEmpty ? nil : value
  }
}
