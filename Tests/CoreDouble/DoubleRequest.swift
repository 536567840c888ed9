import JSON

/// A request as it came in, whole.
package struct DoubleRequest: Sendable {
  package var method: String
  /// Without the query, still percent-encoded.
  package var path: String
  /// Decoded as servlets do it: `+` is a space.
  package var query: [(name: String, value: String)]
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// Which connection it came over, counted from 1.
  package var connection: Int
  /// When it had come in whole.
  package var time: Milliseconds
  /// What it was answered with; nil until then, and where the connection was closed without an answer.
  package var status: Int?

  package init(
    _ method: String,
    _ target: String,
    headers: [(name: String, value: String)] = [],
    body: [UInt8] = [],
    connection: Int = 0,
    time: Milliseconds = 0
  ) {
    self.method = method
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = String(parts[0])
    query = parts.count > 1 ? Self.form(String(parts[1])) : []
    self.headers = headers
    self.body = body
    self.connection = connection
    self.time = time
  }

  /// The first header of this name, whatever its case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The first value of this query parameter.
  package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

  /// The body as JSON; nil where it is none.
  package var json: JSONValue? { try? JSONValue(parsing: body) }
}

extension DoubleRequest {
  /// The path's segments, decoded. Tomcat refuses an encoded slash.
  func segments() throws(CoreRefusal) -> [String] {
    guard !path.lowercased().contains("%2f") else {
      throw .badRequest("Invalid URI: [The encoded slash is not allowed]")
    }
    return path.split(separator: "/").map { Self.decoded(String($0), plusIsSpace: false) }
  }

  /// The body, which must be a JSON object.
  func object() throws(CoreRefusal) -> JSONObject {
    guard case .object(let object) = try value() else { throw .badRequest("JSON parse error: an object is expected") }
    return object
  }

  func value() throws(CoreRefusal) -> JSONValue {
    let type = header("Content-Type") ?? ""
    guard type.hasPrefix("application/json") else {
      throw CoreRefusal(status: 415, message: "Content-Type '\(type)' is not supported.")
    }
    do { return try JSONValue(parsing: body) } catch { throw .badRequest("JSON parse error: \(error)") }
  }

  /// `a=1&b=2`, of a query or a form.
  static func form(_ text: String) -> [(name: String, value: String)] {
    text.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        decoded(String(parts[0]), plusIsSpace: true),
        parts.count > 1 ? decoded(String(parts[1]), plusIsSpace: true) : ""
      )
    }
  }

  private static func decoded(_ text: String, plusIsSpace: Bool) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        if rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
          bytes.append(value)
          rest = rest.dropFirst(2)
        } else {
          bytes.append(byte)
        }
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
