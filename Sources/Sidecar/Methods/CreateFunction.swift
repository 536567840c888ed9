internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let createFunction = Method(
    MethodDeclaration(
      "createFunction",
      summary: "Creates a function, or a new version where the name is taken.",
      parameters: FunctionParameters.create,
      result: "The function.",
      errors: [.projectNotFound, .alreadyExists],
      example: ["name": "my_function", "kind": "container", "image": "hello-world:latest"],
      furtherFaults: WorkloadSpec.functionFaults
    ),
    order: .changesProject
  ) { call in
    let spec = JSONObject(
      FunctionParameters.spec.compactMap { parameter in call.params[parameter.name].map { (parameter.name, $0) } }
    )
    var draft = FunctionDraft(project: call.project, name: call.string("name") ?? "", spec: spec)
    draft.kind = call.string("kind") ?? draft.kind
    draft.id = call.string("uuid").flatMap(EntityID.normalise)
    draft.description = call.string("description")
    draft.labels = call.labels
    draft.embedded = call.flag("embedded")
    return .object(try await call.platform.createFunction(draft).json)
  }
}
