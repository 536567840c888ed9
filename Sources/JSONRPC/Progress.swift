package import JSON

/// Reports how far one call is, as `$/progress {token, value}`, to the client that sent a `progress_token`.
package struct ProgressReporter: Sendable {
  /// The client's own token, given back exactly: a string or a number.
  package let token: JSONValue
  private let notify: @Sendable (_ method: String, _ params: JSONObject) async throws -> Void

  init(token: JSONValue, notify: @escaping @Sendable (String, JSONObject) async throws -> Void) {
    self.token = token
    self.notify = notify
  }

  package enum Kind: String, Sendable { case begin, report, end }

  /// Waits while the client reads too slowly. `done` and `total` count in `unit` (`bytes`, `layers`, …). Throws only
  /// where the call was cancelled or the connection closed.
  package func send(
    _ kind: Kind,
    message: String? = nil,
    done: Int? = nil,
    total: Int? = nil,
    unit: String? = nil
  ) async throws {
    var value: JSONObject = ["kind": .string(kind.rawValue)]
    value["message"] = message.map { .string($0) }
    value["done"] = done.map { .integer($0) }
    value["total"] = total.map { .integer($0) }
    value["unit"] = unit.map { .string($0) }
    try await notify("$/progress", ["token": token, "value": .object(value)])
  }
}

extension RequestContext {
  /// Nil where the client asked for no progress: `progress_token` is absent or null.
  package func progress(for params: JSONObject) -> ProgressReporter? {
    switch params["progress_token"] {
    case .string, .integer, .number: params["progress_token"].map { ProgressReporter(token: $0, notify: notify) }
    default: nil
    }
  }
}
