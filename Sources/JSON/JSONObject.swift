/// The members of a JSON object, in the order in which they were written. Equality ignores the order (RFC 8259, 4).
/// Names are compared byte by byte, as RFC 8259, section 8.3 wants: `é` and `e` with a combining accent are two names.
package struct JSONObject: Sendable {
  package private(set) var members: [(name: String, value: JSONValue)] = []
  /// Positions by name, kept once a scan would be slower than a look-up.
  private var positions: [ExactString: Int]?

  private static let scanLimit = 12

  package init() {}

  /// Of two members with one name the last wins, at the place of the first.
  package init(_ members: some Sequence<(String, JSONValue)>) {
    self.members.reserveCapacity(members.underestimatedCount)
    for (name, value) in members { self[name] = value }
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }
  package var keys: [String] { members.map(\.name) }

  /// Reading gives nil where there is no such member; writing nil removes it.
  package subscript(name: String) -> JSONValue? {
    get { position(of: name).map { members[$0].value } }
    set {
      switch (position(of: name), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil):
        members.remove(at: position)
        positions = nil
        indexIfLarge()
      case (nil, let value?): append(name, value)
      case (nil, nil): break
      }
    }
  }

  package func contains(_ name: String) -> Bool { position(of: name) != nil }

  /// Adds a member that is known to be new; false, and nothing done, where it is not.
  package mutating func appendIfNew(_ name: String, _ value: JSONValue) -> Bool {
    guard position(of: name) == nil else { return false }
    append(name, value)
    return true
  }

  private mutating func append(_ name: String, _ value: JSONValue) {
    members.append((name, value))
    if positions != nil { positions?[ExactString(name)] = members.count - 1 } else { indexIfLarge() }
  }

  private mutating func indexIfLarge() {
    guard members.count > Self.scanLimit else { return }
    positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { (ExactString($1.name), $0) })
  }

  private func position(of name: String) -> Int? {
    if let positions { return positions[ExactString(name)] }
    return members.firstIndex { $0.name.isIdentical(to: name) }
  }
}

extension JSONObject: Hashable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for name in members.map({ ExactString($0.name) }).sorted() { hasher.combine(name) }
  }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[(name: String, value: JSONValue)]> { members.makeIterator() }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
