import JSON

/// What the double answers.
package struct DoubleResponse: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  static func json(_ value: JSONValue, status: Int = 200) -> DoubleResponse {
    DoubleResponse(
      status: status,
      headers: [("Content-Type", "application/json; charset=UTF-8")],
      body: value.serialized()
    )
  }

  static func json(_ object: JSONObject) -> DoubleResponse { json(.object(object)) }

  /// 200 without a body, which is how Core acknowledges most deletions.
  static let empty = DoubleResponse(status: 200)
}

/// Why Core does not do what was asked: the status and the message of its `{status, message}`.
struct CoreRefusal: Error {
  var status: Int
  var message: String
  var headers: [(name: String, value: String)] = []

  static func badRequest(_ message: String) -> CoreRefusal { CoreRefusal(status: 400, message: message) }
  static func noSuch(_ type: EntityType) -> CoreRefusal {
    CoreRefusal(status: 404, message: "No such \(type.rawValue).")
  }
  static let forbidden = CoreRefusal(status: 403, message: "Forbidden")
  static let notFound = CoreRefusal(status: 404, message: "Not Found")
  static let methodNotAllowed = CoreRefusal(status: 405, message: "Method Not Allowed")

  var response: DoubleResponse {
    var response = DoubleResponse.json(["status": .integer(status), "message": .string(message)], status: status)
    response.headers += headers
    return response
  }
}
