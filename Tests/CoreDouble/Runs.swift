import JSON

extension CoreState {
  /// `/-/{project}/runs…`.
  mutating func runs(_ request: DoubleRequest, project: String, rest: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest.count) {
    case ("GET", 0):
      let filter = try Filter(request, level: options.level)
      return try Paging(request).page(of: runs.all(of: project).filter(filter.takes)) { runJSON($0) }
    case ("POST", 0): return .json(runJSON(try createRun(request, project: project, user: user)))
    case (_, 1...):
      let run = try find(rest[0], .run, project: project)
      return try oneRun(request, run, rest: Array(rest.dropFirst()))
    default: throw .methodNotAllowed
    }
  }

  private mutating func oneRun(_ request: DoubleRequest, _ run: Entity, rest: [String]) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest.first, rest.count) {
    case ("GET", nil, 0): return .json(runJSON(run))
    case ("PUT", nil, 0):
      // The spec is sealed once the run is built, and the state of a run that Core drives is Core's.
      let updated = try update(run, with: request.object(), type: .run)
      return .json(runJSON(updated))
    case ("DELETE", nil, 0): return .json(runJSON(perform("DELETE", on: run)))
    case ("GET", "logs", 1): return .json(.array(logs(of: run)))
    case ("GET", "relationships", 1): return .json(run.metadata["relationships"] ?? [])
    case ("GET", "extensions", 1) where options.level >= 15: return .json(.array(run.extensions))
    case ("PUT", "extensions", 1) where options.level >= 15:
      runs[run.id]?.extensions = try request.value().arrayValue ?? []
      return .empty
    case (_, "metrics", 1...2): return try metrics(request, run, name: rest.count > 1 ? rest[1] : nil)
    case ("POST", let action?, 1):
      try Rules.checkSlug(action, "performOnRun.action")
      guard options.level > 13 || RunTable.actions13.contains(action) else { throw .notFound }
      return .json(runJSON(perform(action.uppercased(), on: run)))
    default: throw .notFound
    }
  }

  private mutating func createRun(_ request: DoubleRequest, project: String, user: String) throws(CoreRefusal) -> Entity
  {
    let body = try request.object()
    guard projects[project] != nil else { throw .badRequest("invalid or missing project") }
    let sent = body["spec"]?.objectValue ?? [:]
    guard let path = sent["task"]?.stringValue, !path.isEmpty else { throw .badRequest("spec: missing task") }
    guard let reference = Reference(path) else { throw .badRequest("spec: missing project") }
    guard reference.project == project else { throw .badRequest("project mismatch") }
    guard let task = tasks[reference.id] else { throw .badRequest("invalid task") }
    guard task.project == project else { throw .badRequest("project mismatch") }
    let action = String(task.kind.dropFirst("container+".count))
    let kinds = options.level == 13 ? ["container+run"] : SpecShapes.actions.map { "container+\($0):run" }
    var run = try draft(.run, body, project: project, user: user, kinds: kinds)
    run.spec = try SpecShape.read(sent, as: SpecShapes.run(action, level: options.level))
    if run.spec["local_execution"] == nil { run.spec["local_execution"] = false }
    run.extensions = body["extensions"]?.arrayValue ?? []
    launch(&run, task: task, action: action)
    runs[run.id] = run
    return run
  }

  /// BUILD, then RUN. A local run is left to its client.
  private func launch(_ run: inout Entity, task: Entity, action: String) {
    guard run.spec["local_execution"] != true else {
      run.run = RunRecord(action: action, fate: Fate(spec: run.spec, action: action), at: now)
      return
    }
    let function = task.spec["function"]?.stringValue.flatMap { Reference($0) }.flatMap { functions[$0.id] }
    guard let function else {
      run.run = RunRecord(action: action, fate: Fate(spec: run.spec, action: action), at: now)
      run.run?.force("ERROR", message: "No such function.", at: now)
      return
    }
    let making = RunMaking(options: options, task: task, function: function)
    run.spec = making.merged(run.spec)
    var fate = Fate(spec: run.spec, action: action)
    fate.refusal = fate.refusal ?? making.refusal(run, action: action)
    var record = RunRecord(action: action, fate: fate, at: now)
    record.perform("BUILD", level: options.level, pace: options.pace, at: now)
    do throws(RunBreakage) {
      record.build = try making.check(run, action: action, fate: fate)
      record.perform("RUN", level: options.level, pace: options.pace, at: now)
    } catch {
      record.force("ERROR", message: error.message, at: now)
    }
    run.run = record
  }

  /// A run after the event; unchanged, and no error, where its state does not allow it.
  mutating func perform(_ event: String, on run: Entity) -> Entity {
    var run = run
    run.run?.perform(event, level: options.level, pace: options.pace, at: now)
    run.updated = now
    runs[run.id] = run
    return run
  }

  /// Takes all runs to the present.
  mutating func advanceRuns() {
    for var run in runs.all where run.run?.schedule.isEmpty == false {
      guard let steps = run.run?.advance(to: now), let last = steps.last else { continue }
      run.updated = last.time
      runs[run.id] = last.state == "DELETED" ? nil : run
      if last.state == "COMPLETED", let build = run.run?.build { publish(build, of: run) }
    }
  }

  /// A build that is done names its image in the function itself, in the same version.
  private mutating func publish(_ build: BuildPlan, of run: Entity) {
    guard let function = run.spec["function"]?.stringValue.flatMap({ Reference($0) }) else { return }
    functions[function.id]?.spec["image"] = .string(build.image)
    functions[function.id]?.updated = now
  }

  func runJSON(_ run: Entity) -> JSONObject {
    guard let record = run.run else { return run.json(status: ["state": "CREATED"]) }
    var json = run.json(status: RunStatus(entity: run, run: record, options: options, now: now).json)
    if options.level >= 15 { json["extensions"] = .array(run.extensions) }
    return json
  }
}
