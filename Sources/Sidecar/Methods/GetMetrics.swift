internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getMetrics = Method(
    MethodDeclaration(
      "getMetrics",
      summary: "What a run measured, where the platform keeps it.",
      parameters: [
        SharedParameters.project, SharedParameters.id,
        Parameter("name", .string(.slug), title: "Name", "One metric; `k8s` is what the cluster measures.").with {
          $0.example = "k8s"
        },
      ],
      result: "{metrics}: the platform's own values, by name.",
      errors: [.runNotFound],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    ["metrics": try await call.platform.getMetrics(try call.run(), name: call.string("name"))]
  }
}
