internal import JSON
internal import JSONRPC
internal import Model
package import ParameterSchema
internal import Platform

/// One JSON-RPC method: its declaration beside what it does. Each has a file of its own under Methods.
package struct Method: Sendable {
  /// In which order calls take effect.
  enum Order: Sendable {
    /// Pure: answered on the spot.
    case inline
    /// One after another with all calls that change the same project.
    case changesProject
    /// The same, for calls whose `name` is the project.
    case changesNamedProject
    /// The same, for a call with a file that may name the project.
    case changesProjectOfFile
    /// By itself: reads and waits.
    case concurrent
  }

  package let declaration: MethodDeclaration
  let order: Order
  let answer: Answer
  /// How long an answer may be repeated to calls without params; zero where not at all.
  let goodFor: @Sendable (_ answer: JSONValue) -> Duration

  enum Answer: Sendable {
    case pure(@Sendable (_ call: PureCall) throws -> JSONValue)
    case platform(@Sendable (_ call: MethodCall) async throws -> JSONValue)
  }

  init(
    _ declaration: MethodDeclaration,
    answer: @escaping @Sendable (_ call: PureCall) throws -> JSONValue
  ) {
    self.declaration = declaration
    order = .inline
    self.answer = .pure(answer)
    goodFor = { _ in .zero }
  }

  init(
    _ declaration: MethodDeclaration,
    order: Order,
    goodFor: @escaping @Sendable (_ answer: JSONValue) -> Duration = { _ in .zero },
    answer: @escaping @Sendable (_ call: MethodCall) async throws -> JSONValue
  ) {
    self.declaration = declaration.alsoAnswering(ErrorCode.ofAnyPlatform)
    self.order = order
    self.goodFor = goodFor
    self.answer = .platform(answer)
  }
}

/// One call of a method that needs nothing but its params, which are checked and normalised.
struct PureCall: Sendable {
  let params: JSONObject
  let platformKind: PlatformKind
  let context: RequestContext
}

/// One call of a method that needs a platform: its params are checked and normalised.
struct MethodCall: Sendable {
  let params: JSONObject
  let warnings: [Warning]
  let platform: any Platform
  /// Where a call names no project. Nil on Core, which has none by itself.
  let defaultProject: String?
  let subscriptions: Subscriptions
  let context: RequestContext

  func string(_ name: String) -> String? { params[name]?.stringValue }
  func flag(_ name: String) -> Bool { params[name]?.boolValue ?? false }

  var labels: [String] { params["labels"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

  /// The project given, the one of a key given, or the default. The registry has seen to it that there is one.
  var project: String { givenProject ?? defaultProject ?? "" }

  var givenProject: String? {
    string("project")
      ?? [string("function"), string("id")].compactMap { $0 }.lazy
      .compactMap { EntityKey(parsing: $0)?.project }.first
  }

  var query: EntityQuery {
    EntityQuery(
      project: project,
      name: string("name"),
      limit: params["limit"]?.integerValue ?? 25,
      cursor: string("cursor")
    )
  }

  /// Of the parameter `function`: a name, an id, or a key.
  func function() throws -> FunctionReference? {
    guard let text = string("function") else { return nil }
    if let key = EntityKey(parsing: text) {
      try require(key, .function, at: "/function")
      if let id = key.id { return FunctionReference(project: key.project, target: .version(id: id)) }
      return FunctionReference(project: key.project, target: .latest(name: key.name ?? text))
    }
    let id = EntityID.normalise(text)
    return FunctionReference(
      project: project,
      target: id.map { .idOrName(id: $0, name: text) } ?? .latest(name: text)
    )
  }

  func requiredFunction() throws -> FunctionReference {
    if let function = try function() { return function }
    throw SidecarError.faults([Fault(pointer: "/function", rule: "required", message: "`function` is missing.")])
  }

  func run() throws -> RunReference {
    let (project, id) = try identity(.run)
    return RunReference(project: project, id: id)
  }

  /// Of the parameter `id`: an id or a key of that type.
  func identity(_ type: EntityType) throws -> (project: String, id: String) {
    let text = string("id") ?? ""
    if let key = EntityKey(parsing: text) {
      try require(key, type, at: "/id")
      return (key.project, key.id ?? text)
    }
    return (project, EntityID.normalise(text) ?? text)
  }

  private func require(_ key: EntityKey, _ type: EntityType, at pointer: String) throws {
    if key.type != type {
      throw SidecarError.faults([
        Fault(pointer: pointer, rule: "key", message: "The key names a \(key.type.rawValue), not a \(type.rawValue).")
      ])
    }
    if let project = string("project"), project != key.project {
      throw SidecarError.faults([
        Fault(
          pointer: "/project",
          rule: "conflict",
          message: "`project` says \(project), the key says \(key.project).",
          hint: "Leave `project` out."
        )
      ])
    }
  }
}
