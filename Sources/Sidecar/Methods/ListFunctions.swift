internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listFunctions = Method(
    MethodDeclaration(
      "listFunctions",
      summary: "The functions of a project, newest first.",
      parameters: [
        SharedParameters.project, SharedParameters.name,
        Parameter("versions", .enumeration(["latest", "all"]), title: "Versions", "Each name once, or every version.")
          .with { $0.defaultValue = "latest" },
      ] + SharedParameters.paging,
      result: "{items, total, next_cursor}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    try await call.platform.listFunctions(call.query, allVersions: call.string("versions") == "all").json
  }
}
