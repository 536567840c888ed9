internal import JSON
internal import Model

/// Where a listing goes on: Core's page number and the size that it was counted with. Opaque outside.
struct ListCursor: Sendable, Hashable {
  var page: Int
  /// Nil at the start: then it is the caller's limit.
  var size: Int?
  /// Only entities made up to this moment, so that new ones don't push the rest onto pages already read.
  var bound: String?
  /// The last entity given: where it turns up again, what comes up to it has been given before.
  var last: String?
  /// With several states, how many of each have been given.
  var offsets: [String: Int] = [:]

  init(page: Int, size: Int?, bound: String? = nil) {
    self.page = page
    self.size = size
    self.bound = bound
  }

  /// The first page for nil. Throws `invalid_params` for what no list gave.
  init(_ text: String?) throws {
    self.init(page: 0, size: nil)
    guard let text else { return }
    guard let bytes = EntityID.bytes(hex: text), let json = try? JSONValue(parsing: bytes),
      let page = json["page"]?.integerValue, (0...Self.furthest).contains(page), let size = json["size"]?.integerValue,
      (1...1000).contains(size)
    else { throw Self.fault }
    self.page = page
    self.size = size
    bound = json["bound"]?.stringValue
    last = json["last"]?.stringValue
    for (state, value) in json["offsets"]?.objectValue ?? [:] {
      guard let offset = value.integerValue, (0...Self.furthest).contains(offset) else { throw Self.fault }
      offsets[state] = offset
    }
  }

  /// Beyond, no server has anything, and numbers would overflow.
  private static let furthest = 1_000_000_000

  private static let fault: SidecarError = {
    let fault = Fault(
      pointer: "/cursor",
      rule: "cursor",
      message: "The cursor is none that a list of this platform gave.",
      hint: "Pass `next_cursor` of the page before, or leave it out."
    )
    return SidecarError(.invalidParams, fault.message, faults: [fault])
  }()

  /// Without what the page before has had already: entities made in between push others onto the next page.
  func unseen(_ content: [CoreEntity]) -> ArraySlice<CoreEntity> {
    guard let last, let again = content.lastIndex(where: { $0.id == last }) else { return content[...] }
    return content[(again + 1)...]
  }

  var text: String {
    var json: JSONObject = ["page": .integer(page), "size": .integer(size ?? 25)]
    json["bound"] = bound.map { .string($0) }
    json["last"] = last.map { .string($0) }
    if !offsets.isEmpty {
      json["offsets"] = .object(JSONObject(offsets.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) }))
    }
    return EntityID.hex(JSONValue.object(json).serialized())
  }
}
