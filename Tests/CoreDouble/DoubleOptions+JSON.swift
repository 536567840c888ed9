import JSON

/// Which option is not as it should be.
package struct OptionFault: Error, CustomStringConvertible {
  package let description: String
}

extension DoubleOptions {
  /// Sets what the object names, and leaves the rest. Members: `level`, `api_level` and `api_version` (a text, null for
  /// none), `pace` (milliseconds for all states, or an object of them), `manual_time`, `log_shape` (record, extended,
  /// flat), `auth` (none, basic, bearer), `users`, `clients` and `credentials` (objects of texts),
  /// `personal_access_tokens`, `forbidden_projects`, `profiles` and `shared_volumes` (arrays of texts),
  /// `access_token_lifetime` (seconds), `namespace`, `registry`, `schemas`.
  package mutating func merge(_ object: JSONObject) throws(OptionFault) {
    for (name, value) in object {
      switch name {
      case "level":
        level = try Self.integer(name, value)
        guard (13...15).contains(level) else { throw OptionFault(description: "level: 13, 14 or 15") }
      case "api_level": apiLevel = try Self.header(name, value)
      case "api_version": apiVersion = try Self.header(name, value)
      case "pace": try pace.merge(value)
      case "manual_time": isTimeManual = try Self.required(value.boolValue, name, "true or false")
      case "log_shape":
        logShape = try Self.required(LogShape(rawValue: Self.text(name, value)), name, "record, extended or flat")
      case "auth":
        authentication = try Self.required(
          Authentication(rawValue: Self.text(name, value)),
          name,
          "none, basic or bearer"
        )
      case "users": users = try Self.texts(name, value)
      case "clients": clients = try Self.texts(name, value)
      case "credentials": credentials = try Self.texts(name, value)
      case "personal_access_tokens": personalAccessTokens = Set(try Self.list(name, value))
      case "forbidden_projects": forbiddenProjects = Set(try Self.list(name, value))
      case "profiles": profiles = try Self.list(name, value)
      case "shared_volumes": sharedVolumes = Set(try Self.list(name, value))
      case "access_token_lifetime": accessTokenLifetime = try Self.integer(name, value)
      case "namespace": namespace = try Self.text(name, value)
      case "registry": registry = try Self.text(name, value)
      case "schemas": schemas = try Self.text(name, value)
      default: throw OptionFault(description: "\(name): there is no such option")
      }
    }
  }

  private static func header(_ name: String, _ value: JSONValue) throws(OptionFault) -> VersionHeader {
    switch value {
    case .null: .absent
    case .integer(let number): .text(String(number))
    default: .text(try text(name, value))
    }
  }

  private static func integer(_ name: String, _ value: JSONValue) throws(OptionFault) -> Int {
    try required(value.integerValue, name, "an integer")
  }

  private static func text(_ name: String, _ value: JSONValue) throws(OptionFault) -> String {
    try required(value.stringValue, name, "a text")
  }

  private static func list(_ name: String, _ value: JSONValue) throws(OptionFault) -> [String] {
    let texts = value.arrayValue?.compactMap(\.stringValue)
    return try required(texts?.count == value.arrayValue?.count ? texts : nil, name, "an array of texts")
  }

  private static func texts(_ name: String, _ value: JSONValue) throws(OptionFault) -> [String: String] {
    var texts: [String: String] = [:]
    for member in try required(value.objectValue, name, "an object of texts") {
      texts[member.name] = try text("\(name).\(member.name)", member.value)
    }
    return texts
  }

  fileprivate static func required<Value>(_ value: Value?, _ name: String, _ expected: String) throws(OptionFault)
    -> Value
  {
    guard let value else { throw OptionFault(description: "\(name): \(expected)") }
    return value
  }
}

extension DoubleOptions.Pace {
  fileprivate mutating func merge(_ value: JSONValue) throws(OptionFault) {
    if let each = value.integerValue {
      self = Self(each: Milliseconds(each))
      return
    }
    for (name, value) in try DoubleOptions.required(value.objectValue, "pace", "milliseconds, or an object of them") {
      let milliseconds = Milliseconds(try DoubleOptions.required(value.integerValue, "pace.\(name)", "milliseconds"))
      switch name {
      case "ready": ready = milliseconds
      case "pending": pending = milliseconds
      case "running": running = milliseconds
      case "stop": stop = milliseconds
      case "resume": resume = milliseconds
      case "delete": delete = milliseconds
      case "line": line = milliseconds
      default: throw OptionFault(description: "pace.\(name): there is no such state")
      }
    }
  }
}
