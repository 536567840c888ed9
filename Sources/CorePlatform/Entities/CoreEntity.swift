internal import JSON
internal import Model

/// An entity as Core sends and takes it: the JSON itself, with what is read off it. Members that this version does not
/// know stay, also when the entity is sent back (PUT).
struct CoreEntity: Sendable, Hashable {
  var json: JSONObject

  init(_ json: JSONObject) { self.json = json }

  /// Nil where an answer is no entity.
  init?(_ json: JSONValue) {
    guard let object = json.objectValue, object["id"]?.stringValue != nil || object["name"]?.stringValue != nil else {
      return nil
    }
    self.json = object
  }

  /// A new one, as the official client sends it (contract, section 2).
  init(
    type: EntityType,
    kind: String,
    id: String,
    name: String,
    project: String,
    metadata: JSONObject = [:],
    spec: JSONObject
  ) {
    let now = JSONValue.string(Timestamp.now().text)
    var all: JSONObject = ["project": .string(project), "name": .string(name), "created": now, "updated": now]
    for (name, value) in metadata { all[name] = value }
    let hasName = type != .run && type != .task
    let key =
      type == .project
      ? EntityKey(project: project, type: type, kind: kind, name: name)
      : EntityKey(project: project, type: type, kind: kind, name: hasName ? name : nil, id: id)
    json = [
      "kind": .string(kind), "metadata": .object(all), "spec": .object(spec), "status": ["state": "CREATED"],
      "name": .string(name), "id": .string(id), "key": .string(key.text),
    ]
    if type != .project { json["project"] = .string(project) }
  }

  /// As the server has it, dashes and all: it is what its paths want.
  var id: String { json["id"]?.stringValue ?? name }
  var name: String { json["name"]?.stringValue ?? json["metadata"]?["name"]?.stringValue ?? "" }
  var kind: String { json["kind"]?.stringValue ?? "" }
  var project: String { json["project"]?.stringValue ?? json["metadata"]?["project"]?.stringValue ?? name }
  var spec: JSONObject { json["spec"]?.objectValue ?? [:] }
  var status: JSONObject { json["status"]?.objectValue ?? [:] }
  var state: RunState { RunState(rawValue: status["state"]?.stringValue ?? "") }
  var labels: [String] { json["metadata"]?["labels"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
  var updated: Timestamp? { moment("updated") }
  var created: Timestamp? { moment("created") }

  private func moment(_ name: String) -> Timestamp? {
    json["metadata"]?[name]?.stringValue.flatMap(Timestamp.init(parsing:))
  }

  /// Whether the other may be this one as it was sent: the server adds to an entity, and keeps what it is.
  func isSame(as sent: CoreEntity) -> Bool {
    kind == sent.kind && name == sent.name
      && ["task", "function"].allSatisfy { sent.spec[$0] == nil || spec[$0] == sent.spec[$0] }
  }

  /// In our shape. `kind` and `key` stay as the server sends them; spec and status are the caller's business.
  func entity(_ type: EntityType, spec: JSONObject? = nil, status: JSONObject? = nil) -> Entity {
    var metadata = Metadata(json: json["metadata"]?.objectValue ?? [:])
    metadata.labels = labels.filter { !CoreLabel.isOurs($0) }
    metadata.other["version"] = json["metadata"]?["version"]
    var entity = Entity(
      type: type,
      kind: kind,
      id: id,
      name: name,
      project: project,
      user: json["user"]?.stringValue,
      metadata: metadata,
      spec: spec ?? self.spec,
      status: status ?? self.status
    )
    entity.sentKey = json["key"]?.stringValue
    let known: Set = ["kind", "id", "key", "name", "project", "user", "metadata", "spec", "status"]
    for (name, value) in json where !known.contains(name) { entity.other[name] = value }
    return entity
  }
}
