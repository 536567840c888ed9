internal import JSON
internal import Model

/// How far each record has been read. Opaque outside, and valid across restarts. Core cuts a long log at its beginning,
/// so a position alone may come to mean another place: the bytes before it are noted too.
struct CoreLogCursor: Sendable, Hashable {
  struct Position: Sendable, Hashable {
    /// In bytes of the record's text.
    var offset: Int
    /// The last bytes before the offset, in hex.
    var mark: String
  }

  var positions: [String: Position] = [:]
  private static let markLength = 48
  /// Fewer bytes than these may be alike by chance.
  private static let shortestRest = 8

  init() {}

  /// Throws `invalid_params` for what no page of logs gave.
  init(parsing text: String) throws {
    guard let bytes = EntityID.bytes(hex: text), let json = try? JSONValue(parsing: bytes),
      let object = json.objectValue
    else { throw Self.fault }
    for (id, value) in object {
      guard let offset = value["offset"]?.integerValue, offset >= 0, let mark = value["mark"]?.stringValue else {
        throw Self.fault
      }
      positions[id] = Position(offset: offset, mark: mark)
    }
  }

  var text: String {
    let members = positions.sorted { $0.key < $1.key }.map { id, position -> (String, JSONValue) in
      (id, ["offset": .integer(position.offset), "mark": .string(position.mark)])
    }
    return EntityID.hex(JSONValue.object(JSONObject(members)).serialized())
  }

  /// Where reading goes on in this record's text.
  func start(in record: LogRecord) -> Int {
    guard let position = positions[record.id] else { return 0 }
    let content = record.content
    let mark = EntityID.bytes(hex: position.mark) ?? []
    if position.offset <= content.count, content[..<position.offset].suffix(mark.count).elementsEqual(mark) {
      return position.offset
    }
    // The text has been cut: the mark is further to the front now, or gone.
    for end in stride(from: content.count, through: mark.count, by: -1)
    where !mark.isEmpty && content[(end - mark.count)..<end].elementsEqual(mark) { return end }
    // Cut inside the mark, the text begins with the rest of it.
    for length in stride(from: min(mark.count, content.count), through: Self.shortestRest, by: -1)
    where content[..<length].elementsEqual(mark.suffix(length)) { return length }
    return 0
  }

  mutating func move(to offset: Int, in record: LogRecord) {
    let mark = record.content[..<offset].suffix(Self.markLength)
    positions[record.id] = Position(offset: offset, mark: EntityID.hex(Array(mark)))
  }

  private static let fault: SidecarError = {
    let fault = Fault(
      pointer: "/after",
      rule: "cursor",
      message: "`after` is no cursor that the logs of this platform gave.",
      hint: "Pass the `cursor` of a former answer, or leave it out."
    )
    return SidecarError(.invalidParams, fault.message, faults: [fault])
  }()
}
