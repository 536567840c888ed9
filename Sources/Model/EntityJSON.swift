package import JSON

extension Metadata {
  /// As DigitalHub has it: `{project, name, version, created, updated, description?, labels?, embedded}` and whatever
  /// other members came in.
  package func json(project: String, name: String, version: String?) -> JSONObject {
    var json: JSONObject = ["project": .string(project), "name": .string(name)]
    json["version"] = other["version"] ?? version.map { .string($0) }
    json["created"] = .string(created.text)
    json["updated"] = .string(updated.text)
    json["description"] = description.map { .string($0) }
    if !labels.isEmpty { json["labels"] = .array(labels.map { .string($0) }) }
    json["embedded"] = .bool(embedded)
    for (name, value) in other where !json.contains(name) { json[name] = value }
    return json
  }

  /// Moments that are missing or unreadable become the epoch: a server may leave them out.
  package init(json: JSONObject) {
    let known: Set = ["project", "name", "version", "created", "updated", "description", "labels", "embedded"]
    self.init(
      description: json["description"]?.stringValue,
      labels: (json["labels"]?.arrayValue ?? []).compactMap(\.stringValue),
      embedded: json["embedded"]?.boolValue ?? false,
      created: json["created"]?.stringValue.flatMap(Timestamp.init(parsing:)) ?? Timestamp(nanoseconds: 0),
      updated: json["updated"]?.stringValue.flatMap(Timestamp.init(parsing:)) ?? Timestamp(nanoseconds: 0),
      other: JSONObject(json.members.lazy.filter { !known.contains($0.name) }.map { ($0.name, $0.value) })
    )
  }
}

extension Entity {
  /// The wire's shape: `{kind, id, key, name, project, user?, metadata{…}, spec{…}, status{…}}`.
  package var json: JSONObject {
    var json: JSONObject = [
      "kind": .string(kind), "id": .string(id), "key": .string(sentKey ?? entityKey.text), "name": .string(name),
      "project": .string(project),
    ]
    json["user"] = user.map { .string($0) }
    let version = type == .function ? id : nil
    json["metadata"] = .object(metadata.json(project: project, name: name, version: version))
    json["spec"] = .object(spec)
    json["status"] = .object(status)
    for (name, value) in other where !json.contains(name) { json[name] = value }
    return json
  }

  /// Reads what `json` wrote, or what a server sent. The type comes from the key, or from the kind where there is no
  /// key. Nil where kind or id is missing or no type fits.
  package init?(json: JSONObject) {
    guard let kind = json["kind"]?.stringValue, let id = json["id"]?.stringValue else { return nil }
    let key = json["key"]?.stringValue.flatMap(EntityKey.init(parsing:))
    guard let type = key?.type ?? Self.type(ofKind: kind) else { return nil }
    let metadata = json["metadata"]?.objectValue ?? [:]
    let name = json["name"]?.stringValue ?? metadata["name"]?.stringValue ?? key?.name ?? id
    guard
      let project = json["project"]?.stringValue ?? metadata["project"]?.stringValue ?? key?.project
        ?? (type == .project ? name : nil)
    else { return nil }
    self.init(
      type: type,
      kind: kind,
      id: type == .project ? id : EntityID.normalise(id) ?? id,
      name: name,
      project: project,
      user: json["user"]?.stringValue,
      metadata: Metadata(json: metadata),
      spec: json["spec"]?.objectValue ?? [:],
      status: json["status"]?.objectValue ?? [:]
    )
  }

  private static func type(ofKind kind: String) -> EntityType? {
    switch kind {
    case "project": .project
    case "secret": .secret
    case "container": .function
    case _ where kind.hasSuffix("run"): .run
    case _ where kind.hasPrefix("container+"): .task
    default: nil
    }
  }
}
