internal import JSON
internal import Model
internal import Platform

/// `run/event` notifications. Lines of a log come by the million, so they are written as they are, without a tree of
/// JSON values in between.
enum RunEventWriter {
  static let method = "run/event"

  static func write(_ event: RunEvent, subscription: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #"{"jsonrpc":"2.0","method":"run/event","params":{"subscription":"#.utf8)
    JSONValue.string(subscription).write(to: &bytes)
    bytes.append(contentsOf: #","seq":"#.utf8)
    JSONValue.integer(event.seq).write(to: &bytes)
    bytes.append(contentsOf: #","cursor":"#.utf8)
    JSONValue.string(event.cursor).write(to: &bytes)
    switch event.content {
    case .log(let entry): write(entry, to: &bytes)
    case .state(let change): write(members(of: change), to: &bytes)
    case .end(let end): write(members(of: end), to: &bytes)
    }
    bytes.append(contentsOf: "}}".utf8)
  }

  private static func write(_ entry: LogEntry, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #","type":"log","timestamp":""#.utf8)
    bytes.append(contentsOf: entry.timestamp.text.utf8)
    bytes.append(contentsOf: entry.stream == .stdout ? #"","stream":"stdout""#.utf8 : #"","stream":"stderr""#.utf8)
    bytes.append(contentsOf: #","container":"#.utf8)
    JSONValue.string(entry.container).write(to: &bytes)
    bytes.append(contentsOf: #","text":"#.utf8)
    JSONValue.string(entry.text).write(to: &bytes)
  }

  private static func write(_ members: JSONObject, to bytes: inout [UInt8]) {
    for member in members.members {
      bytes.append(UInt8(ascii: ","))
      JSONValue.string(member.name).write(to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      member.value.write(to: &bytes)
    }
  }

  private static func members(of change: StateChange) -> JSONObject {
    var json: JSONObject = [
      "type": "state", "state": .string(change.state.rawValue), "timestamp": .string(change.time),
    ]
    json["message"] = change.message.map { .string($0) }
    json["reason"] = change.reason.map { .string($0) }
    json["exit_code"] = change.exitCode.map { .integer($0) }
    return json
  }

  private static func members(of end: RunStreamEnd) -> JSONObject {
    var json: JSONObject = ["type": "end", "reason": .string(end.reason.rawValue)]
    json["run"] = end.run.map { .object($0.json) }
    json["error"] = end.error.map { error in
      ["code": .integer(error.code.number), "message": .string(error.message), "data": .object(error.data)]
    }
    return json
  }
}
