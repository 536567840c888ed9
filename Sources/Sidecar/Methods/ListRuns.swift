internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let listRuns = Method(
    MethodDeclaration(
      "listRuns",
      summary: "The runs of a project, newest first.",
      parameters: [
        SharedParameters.project, SharedParameters.function, SharedParameters.action, SharedParameters.name,
        Parameter("kind", .string(.nonEmpty), title: "Kind", "Such as `container+job:run`."),
        Parameter(
          "state",
          .either([.string(.nonEmpty), .list(.string(.nonEmpty))]),
          title: "State",
          "One state, or several."
        ),
        Parameter("user", .string(.nonEmpty), title: "User", "Who made it."),
        Parameter("created_after", .string(.timestamp), title: "Created after", "Only runs made later than this."),
        Parameter("created_before", .string(.timestamp), title: "Created before", "Only runs made before this."),
        Parameter(
          "sort",
          .enumeration(["created", "updated", "name"]),
          title: "Sort",
          "By what, newest or last name first."
        ).with { $0.defaultValue = "created" },
      ] + SharedParameters.paging,
      result: "{items, total, next_cursor}",
      example: [:]
    ),
    order: .concurrent
  ) { call in
    var query = RunQuery(project: call.project)
    query.function = try call.function()
    query.action = call.string("action").flatMap(Action.init)
    query.kind = call.string("kind")
    let states = call.params["state"]?.arrayValue ?? [call.params["state"]].compactMap { $0 }
    query.states = states.compactMap(\.stringValue).map(RunState.init(rawValue:))
    query.name = call.string("name")
    query.user = call.string("user")
    query.createdAfter = call.string("created_after").flatMap(Timestamp.init(parsing:))
    query.createdBefore = call.string("created_before").flatMap(Timestamp.init(parsing:))
    query.sort = call.string("sort").flatMap(RunQuery.SortField.init) ?? .created
    query.limit = call.params["limit"]?.integerValue ?? 25
    query.cursor = call.string("cursor")
    return try await call.platform.listRuns(query).json
  }
}
