internal import JSON
internal import Model

/// Where a page ended. Opaque outside: hex digits of `[order, key, position]`.
struct PageCursor {
  enum Key {
    case integer(Int)
    case text(String)
  }
  var key: Key
  /// The row's, since keys may be equal.
  var position: Int

  init(key: Key, position: Int) {
    self.key = key
    self.position = position
  }

  func text(query: ListQuery) -> String {
    let key: JSONValue =
      switch key {
      case .integer(let integer): .integer(integer)
      case .text(let text): .string(text)
      }
    let value: JSONValue = [.string(Self.order(query)), key, .integer(position)]
    return EntityID.hex(value.serialized())
  }

  /// A cursor of our own for the same order; anything else is a fault of `/cursor`.
  init(parsing text: String, query: ListQuery) throws(SidecarError) {
    guard let bytes = EntityID.bytes(hex: text), let value = try? JSONValue(parsing: bytes),
      let parts = value.arrayValue, parts.count == 3, let order = parts[0].stringValue,
      let position = parts[2].integerValue
    else { throw Self.fault("`cursor` is none that a list gave.") }
    guard order == Self.order(query) else {
      throw Self.fault("`cursor` belongs to a list in another order (\(order)).")
    }
    switch (query.sort, parts[1]) {
    case (.name, .string(let text)): self.init(key: .text(text), position: position)
    case (.created, .integer(let integer)), (.updated, .integer(let integer)):
      self.init(key: .integer(integer), position: position)
    default: throw Self.fault("`cursor` is none that a list gave.")
    }
  }

  private static func order(_ query: ListQuery) -> String { (query.descending ? "-" : "+") + query.sort.rawValue }

  private static func fault(_ message: String) -> SidecarError {
    SidecarError(
      .invalidParams,
      "Invalid params: \(message)",
      faults: [
        Fault(
          pointer: "/cursor",
          rule: "cursor",
          message: message,
          hint: "Pass `next_cursor` of the page before, with the same sort and direction, or leave it out."
        )
      ]
    )
  }
}
