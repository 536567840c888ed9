internal import JSON
internal import JSONRPC
package import ParameterSchema

/// One JSON-RPC method: its declaration beside what it does. Each has a file of its own under Methods.
package struct Method: Sendable {
  package let declaration: MethodDeclaration
  /// Takes the checked and normalised params.
  let answer: @Sendable (_ params: JSONObject, _ context: RequestContext) throws -> JSONValue

  init(
    _ declaration: MethodDeclaration,
    answer: @escaping @Sendable (_ params: JSONObject, _ context: RequestContext) throws -> JSONValue
  ) {
    self.declaration = declaration
    self.answer = answer
  }
}
