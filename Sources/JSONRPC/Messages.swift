package import JSON

/// A request's id: a string, a number, or null (JSON-RPC 2.0, section 4), given back exactly as it came.
package enum RequestID: Sendable, Hashable {
  case string(String)
  case number(JSONValue)
  case null
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
