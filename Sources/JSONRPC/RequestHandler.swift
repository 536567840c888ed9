package import JSON

/// Where a call runs. Chosen by the reader when the message is read, so that order is decided by arrival alone.
package enum Scheduling: Sendable, Hashable {
  /// On the reader itself: only for pure calls that take microseconds.
  case inline
  /// One after another with all calls of the same key, in order of arrival.
  case lane(String)
  /// By itself.
  case concurrent
}

/// What the connection asks of whoever knows the methods. Params arrive as an object: an array is refused before
/// (`-32602`), null and absent are the empty object.
package protocol RequestHandler: Sendable {
  /// Cheap and pure. Unknown methods are `.inline`: their error needs no task.
  func scheduling(of method: String, params: JSONObject) -> Scheduling
  /// For `.inline` calls.
  func handleInline(_ method: String, params: JSONObject, context: RequestContext) throws -> JSONValue
  /// For all others. A cancelled call's task is cancelled: throw `CancellationError`.
  func handle(_ method: String, params: JSONObject, context: RequestContext) async throws -> JSONValue
  /// A notification that the connection does not know itself. Never answered.
  func handleNotification(_ method: String, params: JSONObject, context: RequestContext) async
  /// The JSON-RPC error for whatever a handler threw; `CancellationError` and `ResponseError` never get here.
  func responseError(for error: any Error) -> ResponseError
}
