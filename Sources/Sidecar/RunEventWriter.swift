internal import JSON
internal import Model
internal import Platform

/// `run/event` notifications of one subscription. Lines of a log come by the million, so they are written as they are,
/// without a tree of JSON values in between.
struct RunEventWriter {
  static let method = "run/event"

  private let head: [UInt8]
  private var moments = MomentWriter()

  init(subscription: String) {
    let open = #"{"jsonrpc":"2.0","method":"\#(Self.method)","params":{"subscription":"#
    head = Array(open.utf8) + JSONValue.string(subscription).serialized() + Array(#","seq":"#.utf8)
  }

  mutating func write(_ event: RunEvent, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: head)
    JSONValue.integer(event.seq).write(to: &bytes)
    bytes.append(contentsOf: #","cursor":"#.utf8)
    JSONValue.string(event.cursor.text).write(to: &bytes)
    switch event.content {
    case .log(let entry): write(entry, to: &bytes)
    case .state(let change): Self.write(Self.members(of: change), to: &bytes)
    case .end(let end): Self.write(Self.members(of: end), to: &bytes)
    }
    bytes.append(contentsOf: "}}".utf8)
  }

  private mutating func write(_ entry: LogEntry, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #","type":"log","timestamp":""#.utf8)
    moments.write(entry.timestamp, to: &bytes)
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

/// Writes moments most of which differ from the one before only behind the second.
private struct MomentWriter {
  private static let billion: Int64 = 1_000_000_000
  private var second = Int64.min
  /// Up to the second, without the `Z`.
  private var head: [UInt8] = []

  /// As `Timestamp.text`.
  mutating func write(_ moment: Timestamp, to bytes: inout [UInt8]) {
    guard moment.nanoseconds >= 0 else { return bytes.append(contentsOf: moment.text.utf8) }
    let now = moment.nanoseconds / Self.billion
    if now != second {
      second = now
      head = Array(Timestamp(nanoseconds: now * Self.billion).text.utf8.dropLast())
    }
    bytes.append(contentsOf: head)
    var rest = Int(moment.nanoseconds % Self.billion)
    if rest > 0 {
      bytes.append(UInt8(ascii: "."))
      var digits = 9
      while rest % 1000 == 0 {
        rest /= 1000
        digits -= 3
      }
      let start = bytes.count
      for _ in 0..<digits {
        bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
      }
      bytes[start...].reverse()
    }
    bytes.append(UInt8(ascii: "Z"))
  }
}
