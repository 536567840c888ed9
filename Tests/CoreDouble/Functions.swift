import JSON

extension CoreState {
  /// `/-/{project}/functions…`.
  mutating func functions(_ request: DoubleRequest, project: String, rest: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest.count) {
    case ("GET", 0):
      let filter = try Filter(request, level: options.level)
      var found = functions.all(of: project)
      switch request.query("versions") ?? "latest" {
      case "latest": found = latest(found)
      case "all": break
      case let other: throw .badRequest("versions: invalid value '\(other)'")
      }
      return try Paging(request).page(of: found.filter(filter.takes)) { plainJSON($0) }
    case ("POST", 0): return .json(plainJSON(try createFunction(request, project: project, user: user)))
    case ("DELETE", 0):
      guard let name = request.query("name") else {
        throw .badRequest("Required request parameter 'name' for method parameter type String is not present")
      }
      try Rules.checkSlug(name, "name")
      for function in functions.all(of: project) where function.name == name { delete(function, cascade: true) }
      return .empty
    case ("GET", 1): return .json(plainJSON(try find(rest[0], .function, project: project)))
    case ("PUT", 1):
      return .json(
        plainJSON(try update(find(rest[0], .function, project: project), with: request.object(), type: .function))
      )
    case ("DELETE", 1):
      delete(try find(rest[0], .function, project: project), cascade: request.query("cascade") == "true")
      return .empty
    case ("GET", 2) where rest[1] == "tasks":
      let function = try find(rest[0], .function, project: project)
      let own = tasks.all(of: project).filter { $0.spec["function"]?.stringValue == function.reference }
      return .json(.array(own.sorted { $0.kind < $1.kind }.map { .object(plainJSON($0)) }))
    case ("GET", 2) where rest[1] == "relationships":
      return .json(try find(rest[0], .function, project: project).metadata["relationships"] ?? [])
    default: throw .notFound
    }
  }

  private mutating func createFunction(_ request: DoubleRequest, project: String, user: String) throws(CoreRefusal)
    -> Entity
  {
    let body = try request.object()
    guard projects[project] != nil else { throw .badRequest("invalid or missing project") }
    var function = try draft(.function, body, project: project, user: user, kinds: ["container"])
    function.spec = try SpecShape.read(function.spec, as: SpecShapes.function)
    // The copy routine of Core's spec forgets this field.
    function.spec["image_pull_policy"] = nil
    functions[function.id] = function
    return function
  }

  private mutating func delete(_ function: Entity, cascade: Bool) {
    functions[function.id] = nil
    guard cascade else { return }
    for task in tasks.all(of: function.project) where task.spec["function"]?.stringValue == function.reference {
      delete(task: task, cascade: true)
    }
  }
}
