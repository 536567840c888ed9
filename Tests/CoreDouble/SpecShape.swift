import JSON

/// How Core's mapper reads a value into a typed spec and writes it out again: members that the type does not have are
/// gone, nulls too, scalars are turned into texts and texts into integers, and what can't be read is a 400.
indirect enum SpecShape: Sendable {
  case any
  case text
  case integer
  case boolean
  case oneOf([String])
  case list(SpecShape)
  case object([(name: String, shape: SpecShape)])

  func read(_ value: JSONValue, at place: String) throws(CoreRefusal) -> JSONValue {
    switch (self, value) {
    case (_, .null), (.any, _): return value
    case (.text, .string): return value
    case (.text, .integer(let number)): return .string(String(number))
    case (.text, .number(let number)): return .string(number.literal)
    case (.text, .bool(let flag)): return .string(String(flag))
    case (.integer, .integer): return value
    case (.integer, .string(let text)):
      guard let number = Int(text) else { throw Self.unreadable("`Integer` from String \"\(text)\"", place) }
      return .integer(number)
    case (.boolean, .bool): return value
    case (.oneOf(let names), .string(let text)):
      guard names.contains(text) else {
        throw Self.unreadable("enum from String \"\(text)\": not one of the values accepted: \(names)", place)
      }
      return value
    case (.list(let shape), .array(let elements)):
      var read: [JSONValue] = []
      for (index, element) in elements.enumerated() { read.append(try shape.read(element, at: "\(place)[\(index)]")) }
      return .array(read)
    case (.object(let members), .object(let object)): return .object(try Self.read(object, as: members, at: place))
    default: throw Self.unreadable("value from \(value.typeName)", place)
    }
  }

  static func read(
    _ object: JSONObject,
    as members: [(name: String, shape: SpecShape)],
    at place: String = ""
  ) throws(CoreRefusal) -> JSONObject {
    var read = JSONObject()
    for member in object {
      guard let shape = members.first(where: { $0.name == member.name })?.shape, !member.value.isNull else { continue }
      read[member.name] = try shape.read(member.value, at: place.isEmpty ? member.name : "\(place).\(member.name)")
    }
    return read
  }

  private static func unreadable(_ what: String, _ place: String) -> CoreRefusal {
    .badRequest("Cannot deserialize \(what) (through reference chain: \(place))")
  }
}

/// The members of each spec, by level (core-schemas, and the classes behind them).
enum SpecShapes {
  typealias Members = [(name: String, shape: SpecShape)]

  static let actions = ["job", "serve", "build", "deploy"]
  static let pullPolicies = ["IfNotPresent", "Always", "Never"]

  static let function: Members = [
    ("image", .text), ("base_image", .text), ("command", .text), ("image_pull_policy", .oneOf(pullPolicies)),
    (
      "source",
      .object([
        ("source", .text), ("handler", .text), ("base64", .text),
        (
          "lang",
          .oneOf([
            "python", "java", "javascript", "typescript", "dockerfile", "markdown", "html", "json", "sql", "css",
            "yaml",
            "text", "sh",
          ])
        ),
      ])
    ),
  ]

  static func task(_ action: String, level: Int) -> Members {
    var members = base(level: level)
    if action == "build" { return members + [("instructions", .list(.text))] }
    members += [("fs_group", .integer), ("run_as_user", .integer), ("run_as_group", .integer)]
    if action == "deploy" || action == "serve" { members.append(("replicas", .integer)) }
    if action == "serve" {
      members += [
        ("service_ports", .list(.object([("port", .integer), ("target_port", .integer)]))),
        ("service_type", .oneOf(["ExternalName", "ClusterIP", "NodePort", "LoadBalancer"])), ("service_name", .text),
      ]
    }
    return members
  }

  /// At level 13 one type serves all actions.
  static func run(_ action: String, level: Int) -> Members {
    let own: Members = [("task", .text), ("local_execution", .boolean), ("args", .list(.text))]
    let actions = level == 13 ? actions : [action]
    return own + function + actions.flatMap { task($0, level: level) }
  }

  private static func base(level: Int) -> Members {
    var members: Members = [
      ("function", .text), ("profile", .text), ("secrets", .list(.text)),
      ("envs", .list(.object([("name", .text), ("value", .text)]))),
      (
        "volumes",
        .list(
          .object([
            ("volume_type", .oneOf(volumes(level: level))), ("mount_path", .text), ("name", .text), ("spec", .any),
          ])
        )
      ),
    ]
    let amount: SpecShape = level == 13 ? .object([("requests", .text), ("limits", .text)]) : .text
    let amounts = ["cpu", "mem", "gpu"] + (level >= 15 ? ["disk"] : [])
    members.append(("resources", .object(amounts.map { ($0, amount) })))
    guard level < 15 else { return members }
    return members
      + ["node_selector", "affinity", "tolerations", "runtime_class", "priority_class"].map { ($0, SpecShape.any) }
  }

  private static func volumes(level: Int) -> [String] {
    ["persistent_volume_claim", "empty_dir", "ephemeral"] + (level >= 14 ? ["shared_volume"] : [])
      + (level >= 15 ? ["image"] : [])
  }
}
