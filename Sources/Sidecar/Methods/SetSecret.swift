internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let setSecret = Method(
    MethodDeclaration(
      "setSecret",
      summary: "Sets or replaces a secret; the value is never shown again.",
      parameters: [
        SharedParameters.project, SharedParameters.secretName,
        Parameter("value", .string(), title: "Value", "The secret itself.").with {
          $0.required = true
          $0.isSecret = true
          $0.example = "s3cret"
        },
      ],
      result: "The secret, without its value.",
      errors: [.projectNotFound],
      example: ["name": "API_TOKEN", "value": "s3cret"]
    ),
    order: .changesProject
  ) { call in
    .object(
      try await call.platform.setSecret(
        project: call.project,
        name: call.string("name") ?? "",
        value: call.string("value") ?? ""
      ).json
    )
  }
}
