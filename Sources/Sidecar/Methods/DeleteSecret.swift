internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let deleteSecret = Method(
    MethodDeclaration(
      "deleteSecret",
      summary: "Deletes a secret.",
      parameters: [SharedParameters.project, SharedParameters.secretName],
      result: "The secret as it was.",
      errors: [.secretNotFound],
      example: ["name": "API_TOKEN"]
    ),
    order: .changesProject
  ) { call in
    .object(try await call.platform.deleteSecret(project: call.project, name: call.string("name") ?? "").json)
  }
}
