internal import JSON

/// Makes values of events.
struct Composer {
  private let reader: EventReader
  private let limits: YAMLLimits
  private var anchors: [String: Anchored] = [:]
  private var nodes = 0
  private var scalarBytes = 0
  private var positions: [JSONPointer: YAMLPosition] = [:]

  /// What an alias stands for, and what it costs each time.
  private struct Anchored {
    var value: JSONValue
    var nodes: Int
    var bytes: Int
    var depth: Int
  }

  init(_ bytes: [UInt8], limits: YAMLLimits) throws(YAMLError) {
    guard bytes.count <= limits.bytes else {
      throw YAMLError(
        code: .tooLarge,
        message: "the text has \(bytes.count) bytes; the limit is \(limits.bytes)",
        position: YAMLPosition(line: 1, column: 1)
      )
    }
    reader = try EventReader(bytes)
    self.limits = limits
  }

  mutating func documents() throws(YAMLError) -> [YAMLDocument] {
    var documents: [YAMLDocument] = []
    while true {
      let (event, position) = try reader.next()
      switch event {
      case .streamStart, .documentEnd: break
      case .streamEnd: return documents
      case .documentStart:
        anchors = [:]
        positions = [:]
        let (value, _) = try node(at: .root, depth: 0)
        documents.append(YAMLDocument(value: value, position: position, positions: positions))
      default: throw YAMLError(code: .syntax, message: "a value outside of any document", position: position)
      }
    }
  }

  /// The next value and how deep it nests.
  private mutating func node(at pointer: JSONPointer, depth: Int) throws(YAMLError) -> (JSONValue, depth: Int) {
    let (event, position) = try reader.next()
    return try node(event, position, at: pointer, depth: depth)
  }

  private mutating func node(
    _ event: EventReader.Event,
    _ position: YAMLPosition,
    at pointer: JSONPointer,
    depth: Int
  ) throws(YAMLError) -> (JSONValue, depth: Int) {
    if positions[pointer] == nil { positions[pointer] = position }
    let (nodesBefore, bytesBefore) = (nodes, scalarBytes)
    let anchor: String?
    let made: (value: JSONValue, depth: Int)
    switch event {
    case .alias(let name): return try expand(name, position, depth: depth)
    case .scalar(let scalar):
      try count(nodes: 1, bytes: scalar.text.utf8.count, position)
      (anchor, made) = (scalar.anchor, (try value(scalar, position), 0))
    case .sequenceStart(let name, let tag):
      try begin(tag, "seq", position, depth: depth)
      (anchor, made) = (name, try sequence(at: pointer, depth: depth + 1))
    case .mappingStart(let name, let tag):
      try begin(tag, "map", position, depth: depth)
      (anchor, made) = (name, try mapping(at: pointer, depth: depth + 1))
    default: throw YAMLError(code: .syntax, message: "a value is missing", position: position)
    }
    if let anchor {
      anchors[anchor] = Anchored(
        value: made.value,
        nodes: nodes - nodesBefore,
        bytes: scalarBytes - bytesBefore,
        depth: made.depth
      )
    }
    return (made.value, made.depth)
  }

  private mutating func sequence(at pointer: JSONPointer, depth: Int) throws(YAMLError) -> (JSONValue, depth: Int) {
    var items: [JSONValue] = []
    var deepest = 0
    while true {
      let (event, position) = try reader.next()
      if case .sequenceEnd = event { return (.array(items), deepest + 1) }
      let (item, itemDepth) = try node(event, position, at: pointer.appending(items.count), depth: depth)
      items.append(item)
      deepest = max(deepest, itemDepth)
    }
  }

  private mutating func mapping(at pointer: JSONPointer, depth: Int) throws(YAMLError) -> (JSONValue, depth: Int) {
    var object = JSONObject()
    var deepest = 0
    while true {
      let (event, position) = try reader.next()
      if case .mappingEnd = event { return (.object(object), deepest + 1) }
      let key = try key(event, position)
      let member = pointer.appending(key)
      guard !object.contains(key) else {
        let first = positions[member].map { "; the first is at \($0)" } ?? ""
        throw YAMLError(code: .duplicateKey, message: "the key \"\(key)\" is there twice\(first)", position: position)
      }
      positions[member] = position
      let (value, valueDepth) = try node(at: member, depth: depth)
      object[key] = value
      deepest = max(deepest, valueDepth)
    }
  }

  /// A scalar's text as it is written (`1: a` has the key "1").
  private mutating func key(_ event: EventReader.Event, _ position: YAMLPosition) throws(YAMLError) -> String {
    switch event {
    case .scalar(let scalar):
      try count(nodes: 1, bytes: scalar.text.utf8.count, position)
      if scalar.isPlain && scalar.text == "<<" {
        throw YAMLError(
          code: .unsupported,
          message: "merge keys (<<) are not supported: repeat the members, or quote the key if it is meant as text",
          position: position
        )
      }
      if scalar.isPlain && scalar.tag == nil && scalar.text.isEmpty {
        throw YAMLError(code: .unsupported, message: "a key is missing", position: position)
      }
      let value = try value(scalar, position)
      if let name = scalar.anchor {
        anchors[name] = Anchored(value: value, nodes: 1, bytes: scalar.text.utf8.count, depth: 0)
      }
      return scalar.text
    case .alias(let name):
      if case (.string(let text), _) = try expand(name, position, depth: 0) { return text }
      throw YAMLError(code: .unsupported, message: "the key *\(name) stands for no text", position: position)
    default: throw YAMLError(code: .unsupported, message: "a key must be a scalar", position: position)
    }
  }

  private mutating func expand(
    _ name: String,
    _ position: YAMLPosition,
    depth: Int
  ) throws(YAMLError) -> (JSONValue, depth: Int) {
    guard let anchored = anchors[name] else {
      throw YAMLError(
        code: .unknownAlias,
        message: "the alias *\(name) stands for nothing that ended before it",
        position: position
      )
    }
    try count(nodes: anchored.nodes, bytes: anchored.bytes, position)
    try checkDepth(depth + anchored.depth, position)
    return (anchored.value, anchored.depth)
  }

  private mutating func begin(
    _ tag: String?,
    _ expected: String,
    _ position: YAMLPosition,
    depth: Int
  ) throws(YAMLError) {
    guard tag == nil || tag == "!" || tag == Self.tagPrefix + expected else { throw Self.unknownTag(tag, position) }
    try count(nodes: 1, bytes: 0, position)
    try checkDepth(depth + 1, position)
  }

  private func checkDepth(_ depth: Int, _ position: YAMLPosition) throws(YAMLError) {
    guard depth > limits.depth else { return }
    throw YAMLError(code: .tooDeep, message: "nested deeper than \(limits.depth) levels", position: position)
  }

  private mutating func count(nodes: Int, bytes: Int, _ position: YAMLPosition) throws(YAMLError) {
    self.nodes += nodes
    scalarBytes += bytes
    guard self.nodes > limits.nodes || scalarBytes > limits.expandedBytes else { return }
    throw YAMLError(
      code: .tooLarge,
      message: """
        more than \(limits.nodes) values or \(limits.expandedBytes) bytes of them, counted with every alias replaced \
        by what it stands for
        """,
      position: position
    )
  }

  // MARK: Scalars

  private static let tagPrefix = "tag:yaml.org,2002:"

  private static func unknownTag(_ tag: String?, _ position: YAMLPosition) -> YAMLError {
    let name = tag.map { $0.hasPrefix(tagPrefix) ? "!!" + $0.dropFirst(tagPrefix.count) : $0 } ?? ""
    return YAMLError(code: .unsupported, message: "the tag \(name) is not supported here", position: position)
  }

  private func value(_ scalar: EventReader.Scalar, _ position: YAMLPosition) throws(YAMLError) -> JSONValue {
    guard let tag = scalar.tag else {
      guard scalar.isPlain else { return .string(scalar.text) }
      if let value = ScalarResolver.plain(scalar.text) { return value }
      throw YAMLError(
        code: .unsupported,
        message: "\(scalar.text) has no counterpart in JSON; quote it if it is meant as text",
        position: position
      )
    }
    if tag == "!" || tag == Self.tagPrefix + "str" { return .string(scalar.text) }
    let resolved = ScalarResolver.plain(scalar.text)
    switch (tag, resolved) {
    case (Self.tagPrefix + "null", .null), (Self.tagPrefix + "bool", .bool), (Self.tagPrefix + "int", .integer):
      return resolved ?? .null
    case (Self.tagPrefix + "float", .integer(let integer)): return .integer(integer)
    case (Self.tagPrefix + "float", .number(let number)): return .number(number)
    case (Self.tagPrefix + "int", .number(let number)) where !number.literal.contains(where: { ".e".contains($0) }):
      return .number(number)
    case (_, _) where ["null", "bool", "int", "float"].contains(where: { tag == Self.tagPrefix + $0 }):
      throw YAMLError(
        code: .unsupported,
        message: "\"\(scalar.text)\" is no !!\(tag.dropFirst(Self.tagPrefix.count))",
        position: position
      )
    default: throw Self.unknownTag(tag, position)
    }
  }
}
