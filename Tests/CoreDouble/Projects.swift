import JSON

extension CoreState {
  /// `/projects…`.
  mutating func projects(_ request: DoubleRequest, rest: [String], user: String) throws(CoreRefusal) -> DoubleResponse {
    switch (request.method, rest.count) {
    case ("GET", 0):
      let filter = try Filter(request, level: options.level)
      let visible = projects.all.filter { filter.takes($0) && !options.forbiddenProjects.contains($0.id) }
      return try Paging(request).page(of: visible) { plainJSON($0) }
    case ("POST", 0):
      let body = try request.object()
      let name = body["name"]?.stringValue ?? body["id"]?.stringValue ?? ""
      guard Rules.isProjectName(name), (body["id"]?.stringValue ?? name) == name else {
        throw .badRequest("name: must match \"^[a-z0-9-]+$\", size must be between 2 and 38")
      }
      let project = try draft(.project, body, project: name, user: user, kinds: ["project"])
      projects[project.id] = project
      return .json(projectJSON(project))
    case (_, 1...):
      try Rules.checkSlug(rest[0], "id")
      guard !options.forbiddenProjects.contains(rest[0]) else { throw .forbidden }
      guard let project = projects[rest[0]] else { throw .noSuch(.project) }
      return try oneProject(request, project, rest: Array(rest.dropFirst()))
    default: throw .methodNotAllowed
    }
  }

  private mutating func oneProject(_ request: DoubleRequest, _ project: Entity, rest: [String]) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest) {
    case ("GET", []): return .json(projectJSON(project))
    case ("PUT", []):
      let body = try request.object()
      var updated = try update(project, with: body, type: .project)
      updated.spec = body["spec"]?.objectValue ?? updated.spec
      projects[project.id] = updated
      return .json(projectJSON(updated))
    case ("DELETE", []):
      projects[project.id] = nil
      if request.query("cascade") == "true" { deleteContents(of: project.id) }
      return .empty
    case ("GET", ["share"]): return .json([])
    case ("POST", ["share"]), ("DELETE", ["share"]): return .empty
    default: throw .notFound
    }
  }

  private mutating func deleteContents(of project: String) {
    for type in [EntityType.function, .task, .secret] { self[type].removeAll { $0.project == project } }
    for run in runs.all(of: project) { _ = perform("DELETE", on: run) }
    secretData[project] = nil
  }

  /// A project lists its functions' latest versions, with their specs only where they are embedded.
  private func projectJSON(_ project: Entity) -> JSONObject {
    var json = plainJSON(project)
    var spec = project.spec
    for name in ["artifacts", "workflows", "dataitems", "models"] { spec[name] = spec[name] ?? [] }
    spec["functions"] = .array(
      latest(functions.all(of: project.id)).map {
        .object($0.json(status: ["state": "CREATED"], withSpec: $0.metadata["embedded"] == true))
      }
    )
    json["spec"] = .object(spec)
    return json
  }

  /// The newest of each name.
  func latest(_ entities: [Entity]) -> [Entity] {
    var seen: Set<String> = []
    return entities.filter { seen.insert($0.name).inserted }
  }
}
