internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getCapabilities = Method(
    MethodDeclaration(
      "getCapabilities",
      summary: "What this platform can do, and which engine answers.",
      description: "The answer may be a second old.",
      parameters: [],
      result: "{platform, actions, engine}",
      example: [:]
    ),
    order: .concurrent,
    // An engine takes half a second to describe itself. That none answers is never repeated.
    goodFor: { $0["engine_error"] == nil && $0["server_error"] == nil ? .seconds(1) : .zero }
  ) { call in
    .object(await call.platform.capabilities())
  }
}
