internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let getRunLogs = Method(
    MethodDeclaration(
      "getRunLogs",
      summary: "What the program of a run wrote.",
      parameters: [
        SharedParameters.project, SharedParameters.id, SharedParameters.timeoutSeconds,
        Parameter("tail", .integer(minimum: 0), title: "Tail", "Only the last entries, that many."),
        Parameter("since", .string(.timestamp), title: "Since", "Only entries from this moment on."),
        Parameter("after", .string(.nonEmpty), title: "After", "A cursor: only what came after it."),
        Parameter("follow", .boolean, title: "Follow", "Wait for the first new entry, the end, or the timeout.")
          .with { $0.defaultValue = false },
      ],
      result: "{entries[{timestamp, stream, container, text}], cursor}",
      errors: [.runNotFound, .engineUnavailable],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"]
    ),
    order: .concurrent
  ) { call in
    let query = LogQuery(
      tail: call.params["tail"]?.integerValue,
      since: call.string("since").flatMap(Timestamp.init(parsing:)),
      after: call.string("after"),
      follow: call.flag("follow")
    )
    let page = try await call.platform.getRunLogs(
      try call.run(),
      query: query,
      timeoutSeconds: call.params["timeout_seconds"]?.doubleValue ?? 30
    )
    let entries = page.entries.map { entry -> JSONValue in
      [
        "timestamp": .string(entry.timestamp.text), "stream": .string(entry.stream.rawValue),
        "container": .string(entry.container), "text": .string(entry.text),
      ]
    }
    return ["entries": .array(entries), "cursor": .string(page.cursor)]
  }
}
