internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let deleteFunction = Method(
    MethodDeclaration(
      "deleteFunction",
      summary: "Deletes a function.",
      parameters: [
        SharedParameters.project, SharedParameters.requiredFunction, SharedParameters.cascade,
        Parameter("all_versions", .boolean, title: "All versions", "Delete every version of the name.")
          .with { $0.defaultValue = false },
      ],
      result: "{deleted: the versions that are gone}",
      errors: [.functionNotFound, .ambiguousName, .hasDependents],
      example: ["function": "my_function"]
    ),
    order: .changesProject
  ) { call in
    let gone = try await call.platform.deleteFunction(
      try call.requiredFunction(),
      allVersions: call.flag("all_versions"),
      cascade: call.flag("cascade")
    )
    return ["deleted": .array(gone.map { .object($0.json) })]
  }
}
