internal import JSON
internal import ParameterSchema
internal import Platform

/// What `subscribeRun` sends.
enum RunEventSchema {
  static var declaration: NotificationDeclaration {
    NotificationDeclaration(
      RunEventWriter.method,
      summary: "One step of a run's history, to whoever subscribed to it.",
      params: ["oneOf": [.object(state), .object(log), .object(end)]]
    )
  }

  private static var state: JSONObject {
    event(
      "state",
      "One transition of the run, each once and in order.",
      [
        "state": ["type": "string"], "timestamp": ["type": "string"],
        "message": ["type": "string"],
        "reason": ["type": "string", "description": "Why it ended; of the state in which the run is."],
        "exit_code": ["type": "integer", "description": "Of the program; of the state in which the run is."],
      ],
      required: ["state", "timestamp"]
    )
  }

  private static var log: JSONObject {
    event(
      "log",
      "One line that the program wrote, as an entry of getRunLogs.",
      [
        "timestamp": ["type": "string", "format": "date-time"],
        "stream": ["type": "string", "enum": ["stdout", "stderr"]],
        "container": ["type": "string"], "text": ["type": "string"],
      ],
      required: ["timestamp", "stream", "container", "text"]
    )
  }

  private static var end: JSONObject {
    event(
      "end",
      "The last event of a subscription. It is no part of the history: its cursor is that of the event before it.",
      [
        "reason": [
          "type": "string", "enum": .array(RunStreamEnd.Reason.allCases.map { .string($0.rawValue) }),
        ],
        "run": ["type": "object", "description": "The run as it was last seen; where it finished or was deleted."],
        "error": [
          "type": "object", "description": "Why it failed, as the error of an answer.",
          "properties": [
            "code": ["type": "integer"], "message": ["type": "string"], "data": ["type": "object"],
          ],
          "required": ["code", "message", "data"],
        ],
      ],
      required: ["reason"]
    )
  }

  private static func event(
    _ type: String,
    _ description: String,
    _ members: JSONObject,
    required: [String]
  ) -> JSONObject {
    var properties: JSONObject = [
      "subscription": ["type": "string"],
      "seq": ["type": "integer", "minimum": 1, "description": "From 1 on, from the beginning of the run's history."],
      "cursor": ["type": "string", "description": "Given to subscribeRun as `after`: the next event follows."],
      "type": ["const": .string(type)],
    ]
    for (name, value) in members.members { properties[name] = value }
    return [
      "type": "object", "title": .string(type), "description": .string(description),
      "properties": .object(properties),
      "required": .array((["subscription", "seq", "cursor", "type"] + required).map { .string($0) }),
    ]
  }
}
