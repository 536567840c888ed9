/// One request. `url` may be `http://…`, `https://…` or, over a unix socket, what `unixURL` makes.
package struct HTTPRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]?
  /// Sent in place of `body`, streamed.
  package var file: HTTPFile?
  /// Sent in place of `body`, streamed one after the other.
  package var parts: [HTTPPart]?
  /// From sending to the whole head of the answer. Nil: as long as it takes.
  package var timeout: Duration?
  /// Goes through the client for streams and waits, which may be silent for hours, so that these can't use up the
  /// connections that short requests need.
  package var longLived: Bool

  package init(
    _ method: String,
    _ url: String,
    headers: [(name: String, value: String)] = [],
    body: [UInt8]? = nil,
    timeout: Duration? = .seconds(60),
    longLived: Bool = false
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    file = nil
    parts = nil
    self.timeout = timeout
    self.longLived = longLived
  }

  /// The URL of a path (with its query, already encoded) on a server that listens on a unix socket.
  package static func unixURL(socket: String, path: String) -> String {
    "http+unix://" + percentEncoded(socket) + path
  }

  /// Everything but RFC 3986's unreserved characters as `%XX`.
  package static func percentEncoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.append(byte)
      default:
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
