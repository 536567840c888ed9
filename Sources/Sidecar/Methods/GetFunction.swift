internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getFunction = Method(
    MethodDeclaration(
      "getFunction",
      summary: "A function: its latest version by name, or one version by id or key.",
      parameters: [SharedParameters.project, SharedParameters.requiredFunction],
      result: "The function.",
      errors: [.functionNotFound],
      example: ["function": "my_function"]
    ),
    order: .concurrent
  ) { call in
    .object(try await call.platform.getFunction(try call.requiredFunction()).json)
  }
}
