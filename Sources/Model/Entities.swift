package import JSON

/// What every DigitalHub entity has beside its spec and status. Unknown members are kept.
package struct Metadata: Sendable, Hashable {
  package var description: String?
  package var labels: [String]
  package var embedded: Bool
  package var created: Timestamp
  package var updated: Timestamp
  /// Members that this version has no name for.
  package var other: JSONObject

  package init(
    description: String? = nil,
    labels: [String] = [],
    embedded: Bool = false,
    created: Timestamp,
    updated: Timestamp,
    other: JSONObject = [:]
  ) {
    self.description = description
    self.labels = labels
    self.embedded = embedded
    self.created = created
    self.updated = updated
    self.other = other
  }
}

package enum EntityType: String, Sendable, CaseIterable {
  case project, function, task, run, secret
}

/// An entity in DigitalHub's JSON shape:
/// `{kind, id, key, name, project, user, metadata{…}, spec{…}, status{…}}`.
package struct Entity: Sendable, Hashable {
  package var type: EntityType
  /// `container`, `container+job`, `container+job:run`, `project`, `secret`.
  package var kind: String
  /// 32 lower-case hex digits, no dashes (a project's is its name).
  package var id: String
  package var name: String
  package var project: String
  package var user: String?
  package var metadata: Metadata
  /// In the reference's names, normalised.
  package var spec: JSONObject
  package var status: JSONObject
  /// The key as a server sends it; nil where it follows from the rest.
  package var sentKey: String?
  /// A server's members that this version has no name for.
  package var other: JSONObject = [:]

  package init(
    type: EntityType,
    kind: String,
    id: String,
    name: String,
    project: String,
    user: String? = nil,
    metadata: Metadata,
    spec: JSONObject = [:],
    status: JSONObject = [:]
  ) {
    self.type = type
    self.kind = kind
    self.id = id
    self.name = name
    self.project = project
    self.user = user
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }
}
