import JSON

/// All that a Core keeps, and its rules as functions: a request and the time in, an answer out. Time passes only here,
/// when a request comes: what a run's clock has brought about since is caught up with first.
struct CoreState: Sendable {
  var options: DoubleOptions
  var now: Milliseconds = 0
  var projects = Table()
  var functions = Table()
  var tasks = Table()
  var runs = Table()
  var secrets = Table()
  /// Values by project and name.
  var secretData: [String: [String: String]] = [:]
  var tokens = Tokens()
  private var sequence = 0

  init(options: DoubleOptions) { self.options = options }

  mutating func answer(_ request: DoubleRequest, now: Milliseconds) -> DoubleResponse {
    self.now = now
    advanceRuns()
    var response: DoubleResponse
    do throws(CoreRefusal) { response = try route(request) } catch { response = error.response }
    if request.path.hasPrefix("/api/") { response.headers += options.versionHeaders }
    return response
  }

  private mutating func route(_ request: DoubleRequest) throws(CoreRefusal) -> DoubleResponse {
    let segments = try request.segments()
    switch segments.first {
    case ".well-known": return try wellKnown(request, segments.dropFirst().joined(separator: "/"))
    case "auth" where segments == ["auth", "token"]: return try token(request)
    case "api":
      let user = try authenticate(request)
      if segments == ["api", "auth"] { return .json(["name": .string(user), "authenticated": true]) }
      guard segments.count > 2, segments[1] == "v1" else { throw .notFound }
      return try api(request, Array(segments.dropFirst(2)), user: user)
    default: throw .notFound
    }
  }

  private mutating func api(_ request: DoubleRequest, _ path: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    let rest = Array(path.dropFirst())
    switch path[0] {
    case "projects": return try projects(request, rest: rest, user: user)
    case "schemas": return try schemas(request, rest: rest)
    case "-" where path.count > 2: return try inProject(request, path, user: user)
    default: throw .notFound
    }
  }

  private mutating func inProject(_ request: DoubleRequest, _ path: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    let project = path[1]
    let rest = Array(path.dropFirst(3))
    try Rules.checkSlug(project, "project")
    guard !options.forbiddenProjects.contains(project) else { throw .forbidden }
    switch path[2] {
    case "functions": return try functions(request, project: project, rest: rest, user: user)
    case "tasks": return try tasks(request, project: project, rest: rest, user: user)
    case "runs": return try runs(request, project: project, rest: rest, user: user)
    case "secrets": return try secrets(request, project: project, rest: rest, user: user)
    case "artifacts", "dataitems", "models", "workflows", "triggers":
      guard request.method == "GET", rest.isEmpty else { throw .notFound }
      return Paging.page([], of: 0, try Paging(request))
    default: throw .notFound
    }
  }

  // MARK: What all entities share

  /// A row for what was sent: id, name and kind checked, and the id not yet taken.
  mutating func draft(
    _ type: EntityType,
    _ body: JSONObject,
    project: String,
    user: String,
    kinds: [String]
  ) throws(CoreRefusal) -> Entity {
    let id = body["id"]?.stringValue ?? (type == .project ? body["name"]?.stringValue : nil) ?? Rules.newID()
    try Rules.checkSlug(id, "id")
    let isNamedByID = type == .task || type == .run
    guard let name = body["name"]?.stringValue ?? (isNamedByID ? id : nil) else {
      throw .badRequest("name: must not be null")
    }
    try Rules.checkSlug(name, "name")
    guard let kind = body["kind"]?.stringValue, kinds.contains(kind) else { throw .badRequest("invalid kind") }
    guard self[type][id] == nil else { throw .badRequest("Duplicated entity \(type.rawValue):\(id).") }
    var metadata = body["metadata"]?.objectValue ?? [:]
    let version = metadata["version"]?.stringValue ?? ""
    if type == .function, version.isEmpty || version == id { metadata["version"] = .string(Rules.newID()) }
    sequence += 1
    return Entity(
      type: type,
      id: id,
      kind: kind,
      name: name,
      project: project,
      user: user,
      metadata: metadata,
      spec: body["spec"]?.objectValue ?? [:],
      created: now,
      updated: now,
      sequence: sequence
    )
  }

  /// The row, which must be of this project.
  func find(_ id: String, _ type: EntityType, project: String) throws(CoreRefusal) -> Entity {
    try Rules.checkSlug(id, "id")
    guard let entity = self[type][id] else { throw .noSuch(type) }
    guard entity.project == project else { throw .badRequest("invalid project") }
    return entity
  }

  /// Everything but spec, identity and state: Core enforces the current spec on every update from outside.
  mutating func update(_ entity: Entity, with body: JSONObject, type: EntityType) throws(CoreRefusal) -> Entity {
    if let kind = body["kind"]?.stringValue, kind != entity.kind { throw .badRequest("invalid kind") }
    var entity = entity
    if let metadata = body["metadata"]?.objectValue {
      let version = entity.metadata["version"]
      entity.metadata = metadata
      if metadata["version"] == nil { entity.metadata["version"] = version }
    }
    entity.updated = now
    self[type][entity.id] = entity
    return entity
  }

  subscript(type: EntityType) -> Table {
    get {
      switch type {
      case .project: projects
      case .function: functions
      case .task: tasks
      case .run: runs
      case .secret: secrets
      }
    }
    set {
      switch type {
      case .project: projects = newValue
      case .function: functions = newValue
      case .task: tasks = newValue
      case .run: runs = newValue
      case .secret: secrets = newValue
      }
    }
  }

  func plainJSON(_ entity: Entity) -> JSONObject { entity.json(status: ["state": "CREATED"]) }
}
