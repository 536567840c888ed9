internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let subscribeRun = Method(
    MethodDeclaration(
      "subscribeRun",
      summary: "Sends a run's transitions and log lines as they come, from the beginning or a cursor, as `run/event`.",
      description: "Each event once and in order, with a sequence number from the beginning of the run's history and a "
        + "cursor, which goes on right behind the event, also in another process. Whatever a program wrote stands between "
        + "the transition that started it and the one that ended it. The last event says why no more come: the run is "
        + "over, deleted, unsubscribed from, or can't be followed. A client that does not read makes the log wait.",
      parameters: [
        SharedParameters.project, SharedParameters.id,
        Parameter("after", .string(.nonEmpty), title: "After", "A cursor of an event: only what came after it."),
        Parameter("logs", .boolean, title: "Logs", "Whether the log is told, or transitions only.")
          .with { $0.defaultValue = true },
        Parameter(
          "log_tail",
          .integer(minimum: 0, maximum: 10_000),
          title: "Log tail",
          "Of the log lines that are there already only the last, that many; without `after`."
        ),
      ],
      result: "{subscription, run}",
      resultSchema: [
        "type": "object", "required": ["subscription", "run"],
        "properties": [
          "subscription": ["type": "string", "description": "Its events carry it; unsubscribe takes it."],
          "run": ["type": "object", "description": "The run as it is now."],
        ],
      ],
      errors: [.runNotFound, .engineUnavailable, .overloaded],
      example: ["id": "0f8fad5bd9cb469fa16570867728950e"],
      notifications: [RunEventSchema.declaration],
      furtherFaults: { params in
        guard params["after"] != nil, params["log_tail"] != nil else { return [] }
        return [
          Fault(
            pointer: "/log_tail",
            rule: "conflict",
            message: "`log_tail` and `after` both say where the log begins.",
            hint: "Leave one of them out."
          )
        ]
      }
    ),
    order: .concurrent
  ) { call in
    let place = try call.subscriptions.begin()
    let query = RunEventQuery(
      after: call.string("after"),
      logs: call.params["logs"]?.boolValue ?? true,
      logTail: call.params["log_tail"]?.integerValue
    )
    let stream = try await call.platform.events(of: try call.run(), query: query)
    let pump = RunEventPump(place: place, stream: stream, notifyAll: call.context.notifyAll) { error in
      error as? SidecarError ?? SidecarError(.engineError, "The run can't be followed.", cause: "\(error)")
    }
    call.context.spawnAfterReply { await pump.run() }
    return ["subscription": .string(place.id), "run": .object(stream.run.json)]
  }
}
