import JSON

enum EntityType: String, Sendable {
  case project, function, task, run, secret
}

/// A row: what is kept of a project, a function, a task, a run or a secret.
struct Entity: Sendable {
  let type: EntityType
  let id: String
  var kind: String
  var name: String
  var project: String
  var user: String
  var metadata: JSONObject
  var spec: JSONObject
  var created: Milliseconds
  var updated: Milliseconds
  /// The order of creation, since several rows share a millisecond.
  let sequence: Int
  /// What a run alone has.
  var run: RunRecord?
  var extensions: [JSONValue] = []
  var metrics = JSONObject()

  var state: String { run?.state ?? "CREATED" }

  /// `store://…`; Core writes tasks and runs as ID:ID.
  var key: String {
    switch type {
    case .project: "store://\(name)"
    case .task, .run: "store://\(project)/\(type.rawValue)/\(kind)/\(id):\(id)"
    default: "store://\(project)/\(type.rawValue)/\(kind)/\(name):\(id)"
    }
  }

  /// What a task's spec or a run's calls a function.
  var reference: String { type == .function ? "\(kind)://\(project)/\(name):\(id)" : "\(kind)://\(project)/\(id)" }

  /// The metadata as it goes out: the client's own members, and those that the server sets.
  var fullMetadata: JSONObject {
    var full = metadata
    full["project"] = .string(project)
    full["name"] = .string(name)
    full["created"] = .string(created.instantText)
    full["updated"] = .string(updated.instantText)
    full["created_by"] = .string(user)
    full["updated_by"] = .string(user)
    return full
  }

  func json(status: JSONObject, withSpec: Bool = true) -> JSONObject {
    var json: JSONObject = [
      "id": .string(id), "kind": .string(kind), "project": .string(project), "name": .string(name),
      "user": .string(user), "key": .string(key), "metadata": .object(fullMetadata),
    ]
    if type == .project { json["project"] = nil }
    if withSpec { json["spec"] = .object(spec) }
    json["status"] = .object(status)
    return json
  }
}

/// Rows by id: an id is taken in all projects at once, as a primary key is.
struct Table: Sendable {
  private var rows: [String: Entity] = [:]

  subscript(id: String) -> Entity? {
    get { rows[id] }
    set { rows[id] = newValue }
  }

  /// Newest first.
  var all: [Entity] { rows.values.sorted { $0.sequence > $1.sequence } }

  func all(of project: String) -> [Entity] { all.filter { $0.project == project } }

  mutating func removeAll(where condition: (Entity) -> Bool) { rows = rows.filter { !condition($0.value) } }
}
