internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let renderRun = Method(
    MethodDeclaration(
      "renderRun",
      summary: "What `run` would send, exactly; nothing is created.",
      parameters: RunParameters.run,
      discriminatedByAction: true,
      result: "{platform, id, warnings, calls, resolved{profile, …}}",
      errors: [.functionNotFound, .unsupportedParameter],
      example: ["function": "my_function", "action": "job"]
    ),
    order: .changesProject
  ) { call in
    let rendered = try await call.platform.render(try call.runDraft())
    var json: JSONObject = [
      "platform": .string(call.platform.kind.rawValue), "id": .string(rendered.id),
      "warnings": .array(rendered.rendering.warnings.map { .object($0.json) }),
    ]
    json[rendered.rendering.member] = .array(rendered.rendering.objects.map { .object($0) })
    json["resolved"] = rendered.resolved.map { .object($0) }
    return .object(json)
  }
}
