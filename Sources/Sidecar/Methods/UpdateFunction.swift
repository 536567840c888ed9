internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let updateFunction = Method(
    MethodDeclaration(
      "updateFunction",
      summary: "Changes one version in place, by merge patch (RFC 7396): null removes.",
      parameters: [
        SharedParameters.project, SharedParameters.requiredFunction,
        SharedParameters.description.with { $0.isNullable = true },
        SharedParameters.labels.with { $0.isNullable = true },
        FunctionParameters.embedded.with { $0.isNullable = true },
        Parameter("spec", .freeObject, title: "Spec", "Members of the function's spec; null removes one."),
      ],
      result: "The function as it is now.",
      errors: [.functionNotFound],
      example: ["function": "my_function", "spec": ["image": "busybox:1"]]
    ),
    order: .changesProject
  ) { call in
    var patch = call.params
    if let spec = patch["spec"]?.objectValue {
      let given = JSONObject(spec.filter { !$0.value.isNull }.map { ($0.name, $0.value) })
      var check = ParameterCheck(given, against: FunctionParameters.spec)
      guard check.faults.isEmpty else {
        throw SidecarError.faults(
          check.faults.map {
            Fault(pointer: "/spec" + $0.pointer, rule: $0.rule, message: $0.message, hint: $0.hint)
          }
        )
      }
      for (name, value) in spec where value.isNull { check.normalised[name] = .null }
      patch["spec"] = .object(check.normalised)
    }
    return .object(try await call.platform.updateFunction(try call.requiredFunction(), patch: patch).json)
  }
}
