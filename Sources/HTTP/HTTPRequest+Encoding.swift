extension HTTPRequest {
  /// A server's URL and a path below it, with exactly one slash between them.
  package static func joined(_ base: String, _ path: String) -> String {
    var base = base
    while base.hasSuffix("/") { base.removeLast() }
    return base + "/" + path.drop { $0 == "/" }
  }

  /// `name=value&…` (application/x-www-form-urlencoded), for a body or a query.
  package static func form(_ fields: [(name: String, value: String)]) -> String {
    fields.map { percentEncoded($0.name) + "=" + percentEncoded($0.value) }.joined(separator: "&")
  }
}
