package import JSON
package import JSONRPC
internal import Model
package import ParameterSchema

/// The static list of methods, and the way from a message to one of them.
package struct MethodRegistry: RequestHandler {
  /// A new method is a file under Methods and a line here.
  package static let methods: [Method] = [.initialize, .validate, .getSchema, .discover]
  package static let declarations = methods.map(\.declaration)

  private static let byName = Dictionary(uniqueKeysWithValues: methods.map { ($0.declaration.name, $0) })

  package init() {}

  /// All methods here are pure and take microseconds.
  package func scheduling(of method: String, params: JSONObject) -> Scheduling { .inline }

  package func handleInline(_ method: String, params: JSONObject, context: RequestContext) throws -> JSONValue {
    guard let found = Self.byName[method] else { throw Self.unknown(method) }
    // LSP clients send members of their own with `initialize`: those are ignored.
    if method == "initialize" { return try found.answer(params, context) }
    let check = found.declaration.check(params)
    guard check.faults.isEmpty else { throw SidecarError.faults(check.faults) }
    return try found.answer(check.normalised, context)
  }

  package func handle(_ method: String, params: JSONObject, context: RequestContext) async throws -> JSONValue {
    try handleInline(method, params: params, context: context)
  }

  package func handleNotification(_ method: String, params: JSONObject, context: RequestContext) async {}

  package func responseError(for error: any Error) -> ResponseError {
    switch error {
    case let error as ResponseError: error
    case let error as SidecarError:
      ResponseError(code: error.code.number, message: error.message, data: .object(error.data))
    default:
      ResponseError(code: ResponseError.internalErrorCode, message: "Internal error: \(error)")
    }
  }

  private static func unknown(_ method: String) -> ResponseError {
    let hint = "`rpc.discover` lists the methods: \(declarations.map(\.name).joined(separator: ", "))."
    return ResponseError(
      code: ResponseError.methodNotFoundCode,
      message: "There is no method `\(method)`.",
      data: ["code": "method_not_found", "retryable": false, "hint": .string(hint)]
    )
  }
}

extension SidecarError {
  /// All faults of one call's params.
  static func faults(_ faults: [Fault]) -> SidecarError {
    let first = faults.first.map { ": \($0.message)" } ?? ""
    let others = faults.count > 1 ? " (and \(faults.count - 1) more, see `errors`)" : ""
    return SidecarError(.invalidParams, "Invalid params\(first)\(others)", hint: faults.first?.hint, faults: faults)
  }
}

extension RequestContext {
  /// For one call inside the process, with nobody to notify.
  package static let none = RequestContext(notify: { _, _ in }, spawn: { _ in })
}
