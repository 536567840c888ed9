/// How DigitalHub names an entity across projects: `store://P/function/container/NAME:ID`,
/// `store://P/task/container+job/ID`, `store://P/run/container+job:run/ID`, `store://P` for a project.
package struct EntityKey: Sendable, Hashable {
  package var project: String
  package var type: EntityType
  /// `project` for a project, else as in `Entity.kind`.
  package var kind: String
  /// Nil where the key has none (runs and tasks, whose name is their id).
  package var name: String?
  /// Nil for a function's latest version, and for a project.
  package var id: String?

  package init(project: String, type: EntityType, kind: String, name: String? = nil, id: String? = nil) {
    self.project = project
    self.type = type
    self.kind = kind
    self.name = name
    self.id = id
  }

  /// Takes the key form and the reference forms `container://P/NAME:ID`, `container+job://P/ID`; for runs and tasks
  /// also `ID:ID`, as Core writes them. Ids are normalised; nil for anything else.
  package init?(parsing text: String) {
    // Over bytes: every call looks whether its names are keys.
    let bytes = text.utf8
    // A run's scheme has a colon of its own: `container+job:run://`.
    let colons = bytes.indices.lazy.filter { bytes[$0] == UInt8(ascii: ":") }
    guard let colon = colons.first(where: { bytes[$0...].starts(with: "://".utf8) }) else { return nil }
    let scheme = String(text[..<colon])
    let rest = bytes[bytes.index(colon, offsetBy: 3)...]
    let parts = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard let project = parts.first, NameRules.isSlug(project) else { return nil }
    if scheme == "store" {
      if parts.count == 1 {
        self.init(project: project, type: .project, kind: "project", name: project)
        return
      }
      guard parts.count == 4, let type = EntityType(rawValue: parts[1]), type != .project, !parts[2].isEmpty else {
        return nil
      }
      self.init(project: project, type: type, kind: parts[2], tail: parts[3])
    } else {
      guard parts.count == 2, scheme == "container" || scheme.hasPrefix("container+") else { return nil }
      let type: EntityType = scheme == "container" ? .function : scheme.hasSuffix("run") ? .run : .task
      self.init(project: project, type: type, kind: scheme, tail: parts[1])
    }
  }

  private init?(project: String, type: EntityType, kind: String, tail: String) {
    let halves = tail.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard halves.count <= 2 else { return nil }
    switch type {
    case .run, .task:
      let ids = halves.compactMap(EntityID.normalise)
      guard ids.count == halves.count, let id = ids.first, ids.last == id else { return nil }
      self.init(project: project, type: type, kind: kind, id: id)
    default:
      guard let name = halves.first, NameRules.isSlug(name) else { return nil }
      var id: String?
      // `NAME:latest` is the latest version, which is what the name alone says.
      if halves.count == 2, !(type == .function && halves[1] == "latest") {
        id = EntityID.normalise(halves[1])
        if id == nil { return nil }
      }
      self.init(project: project, type: type, kind: kind, name: name, id: id)
    }
  }

  /// `store://…`.
  package var text: String {
    switch type {
    case .project: "store://\(project)"
    default: "store://\(project)/\(type.rawValue)/\(kind)/\(tail)"
    }
  }

  /// As specs refer to a function or a task: `container://P/NAME:ID`, `container+job://P/ID`.
  package var reference: String { "\(kind)://\(project)/\(tail)" }

  private var tail: String { [name, id].compactMap { $0 }.joined(separator: ":") }
}

extension Entity {
  package var entityKey: EntityKey {
    switch type {
    case .project: EntityKey(project: name, type: type, kind: kind, name: name)
    case .task, .run: EntityKey(project: project, type: type, kind: kind, id: id)
    case .function, .secret: EntityKey(project: project, type: type, kind: kind, name: name, id: id)
    }
  }
}
