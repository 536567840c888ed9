internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listProfiles = Method(
    MethodDeclaration(
      "listProfiles",
      summary: "The templates that a run's `profile` may name.",
      parameters: [],
      result: "{items[{name, description, …parameters}]}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    ["items": .array(try await call.platform.listProfiles().map { .object($0) })]
  }
}
