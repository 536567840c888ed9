import JSON

extension CoreState {
  /// `/-/{project}/tasks…`.
  mutating func tasks(_ request: DoubleRequest, project: String, rest: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest.count) {
    case ("GET", 0):
      let filter = try Filter(request, level: options.level)
      return try Paging(request).page(of: tasks.all(of: project).filter(filter.takes)) { plainJSON($0) }
    case ("POST", 0): return .json(plainJSON(try createTask(request, project: project, user: user)))
    case ("GET", 1): return .json(plainJSON(try find(rest[0], .task, project: project)))
    case ("PUT", 1):
      let current = try find(rest[0], .task, project: project)
      let body = try request.object()
      var spec = try readTaskSpec(body["spec"]?.objectValue ?? [:], kind: current.kind)
      spec["function"] = current.spec["function"]
      var updated = try update(current, with: body, type: .task)
      updated.spec = spec
      tasks[updated.id] = updated
      return .json(plainJSON(updated))
    case ("DELETE", 1):
      delete(task: try find(rest[0], .task, project: project), cascade: request.query("cascade") == "true")
      return .empty
    case ("GET", 2) where rest[1] == "runs":
      let task = try find(rest[0], .task, project: project)
      let own = runs.all(of: project).filter { $0.spec["task"]?.stringValue == task.reference }
      return .json(.array(own.map { .object(runJSON($0)) }))
    default: throw .notFound
    }
  }

  /// Of one function and kind there may be several: Core does not look.
  private mutating func createTask(_ request: DoubleRequest, project: String, user: String) throws(CoreRefusal)
    -> Entity
  {
    let body = try request.object()
    guard projects[project] != nil else { throw .badRequest("invalid or missing project") }
    var task = try draft(.task, body, project: project, user: user, kinds: SpecShapes.actions.map { "container+\($0)" })
    task.spec = try readTaskSpec(task.spec, kind: task.kind)
    guard let reference = task.spec["function"]?.stringValue.flatMap({ Reference($0) }) else {
      throw .badRequest("spec: missing project")
    }
    guard reference.project == project else { throw .badRequest("project mismatch") }
    guard functions[reference.id] != nil else { throw .badRequest("invalid executable entity") }
    tasks[task.id] = task
    return task
  }

  private func readTaskSpec(_ spec: JSONObject, kind: String) throws(CoreRefusal) -> JSONObject {
    let action = String(kind.dropFirst("container+".count))
    let read = try SpecShape.read(spec, as: SpecShapes.task(action, level: options.level))
    for name in ["replicas", "run_as_user", "run_as_group", "fs_group"] {
      if let number = read[name]?.integerValue, number < 1 {
        throw .badRequest("\(name): must be greater than or equal to 1")
      }
    }
    return read
  }

  mutating func delete(task: Entity, cascade: Bool) {
    tasks[task.id] = nil
    guard cascade else { return }
    for run in runs.all(of: task.project) where run.spec["task"]?.stringValue == task.reference {
      _ = perform("DELETE", on: run)
    }
  }
}
