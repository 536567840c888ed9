internal import JSON
internal import Model
internal import ParameterSchema

extension Method {
  static let validate = Method(
    MethodDeclaration(
      "validate",
      summary: "Checks the params of a call without making it.",
      description: "Pure: nothing is looked up or contacted. All faults are reported at once, by JSON Pointer.",
      parameters: [
        Parameter(
          "method",
          .enumeration(MethodRegistry.declarations.map(\.name)),
          title: "Method",
          "The method whose params are to be checked."
        ).with {
          $0.required = true
          $0.example = "run"
        },
        Parameter("params", .freeObject, title: "Params", "The params as they would be sent.").with {
          $0.required = true
          $0.example = ["function": "my_function", "action": "job"]
        },
      ],
      result: "{valid, errors, warnings}",
      errors: [.invalidParams],
      example: ["method": "run", "params": ["function": "my_function", "action": "job"]]
    )
  ) { call in
    let params = call.params["params"]?.objectValue ?? [:]
    let method = MethodRegistry.declarations.first { $0.name == call.params["method"]?.stringValue }
    guard let method else { return ["valid": false, "errors": [], "warnings": []] }
    let check = method.check(params)
    return [
      "valid": .bool(check.faults.isEmpty),
      "errors": .array(check.faults.map { .object($0.json) }),
      "warnings": .array(check.warnings.map { .object($0.json) }),
    ]
  }
}
