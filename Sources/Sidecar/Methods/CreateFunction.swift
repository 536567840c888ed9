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
    let draft = FunctionDraft(project: call.project, functionParams: call.params)
    return .object(try await call.platform.createFunction(draft).json)
  }
}

extension FunctionDraft {
  /// From the params of createFunction, normalised.
  init(project: String, functionParams params: JSONObject) {
    let spec = FunctionParameters.spec.compactMap { parameter in params[parameter.name].map { (parameter.name, $0) } }
    self.init(project: project, name: params["name"]?.stringValue ?? "", spec: JSONObject(spec))
    kind = params["kind"]?.stringValue ?? kind
    id = params["uuid"]?.stringValue.flatMap(EntityID.normalise)
    description = params["description"]?.stringValue
    labels = params["labels"]?.arrayValue?.compactMap(\.stringValue) ?? []
    embedded = params["embedded"]?.boolValue ?? false
  }
}
