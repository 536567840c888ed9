package import JSON

/// A request's id: a string, a number, or null (JSON-RPC 2.0, section 4), given back exactly as it came.
package enum RequestID: Sendable {
  case string(String)
  case number(JSONValue)
  case null

  /// Nil for what no id can be: a boolean, an array, an object.
  package init?(_ value: JSONValue) {
    switch value {
    case .string(let text): self = .string(text)
    case .integer, .number: self = .number(value)
    case .null: self = .null
    default: return nil
    }
  }

  package var jsonValue: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .number(let number): number
    case .null: .null
    }
  }
}

/// By bytes: ids that Unicode finds equivalent are still two ids.
extension RequestID: Hashable {
  package static func == (left: RequestID, right: RequestID) -> Bool { left.jsonValue == right.jsonValue }
  package func hash(into hasher: inout Hasher) { hasher.combine(jsonValue) }
}

/// A JSON-RPC error object (section 5.1).
package struct ResponseError: Error, Sendable, Hashable {
  package var code: Int
  package var message: String
  package var data: JSONValue?

  package init(code: Int, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  package static let parseErrorCode = -32700
  package static let invalidRequestCode = -32600
  package static let methodNotFoundCode = -32601
  package static let invalidParamsCode = -32602
  package static let internalErrorCode = -32603
  /// As in LSP: the client cancelled the request.
  package static let requestCancelledCode = -32800
}

extension ResponseError {
  package var jsonValue: JSONValue {
    var object: JSONObject = ["code": .integer(code), "message": .string(message)]
    object["data"] = data
    return .object(object)
  }

  static func invalidRequest(_ message: String) -> ResponseError {
    ResponseError(
      code: invalidRequestCode,
      message: message,
      data: ["code": "invalid_request", "retryable": false]
    )
  }

  static let cancelled = ResponseError(
    code: requestCancelledCode,
    message: "the call was cancelled",
    data: ["code": "cancelled", "retryable": false]
  )

  /// The connection's own: too much is queued or running. 5xxx are overload and timeout.
  static func overloaded(_ message: String) -> ResponseError {
    ResponseError(
      code: 5001,
      message: message,
      data: ["code": "overloaded", "retryable": true, "retry_after_ms": 100]
    )
  }
}
