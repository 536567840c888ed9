internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getCapabilities = Method(
    MethodDeclaration(
      "getCapabilities",
      summary: "What this platform can do, and which engine answers.",
      parameters: [],
      result: "{platform, actions, engine}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    .object(await call.platform.capabilities())
  }
}
