import JSON

/// A run's life: where it is, where it was, and what will happen to it when.
struct RunRecord: Sendable {
  struct Transition: Sendable {
    let state: String
    let time: Milliseconds
    let message: String?
  }

  struct Step: Sendable {
    let time: Milliseconds
    let state: String
    var message: String?
  }

  /// job, serve, build or deploy: of the task's kind.
  let action: String
  let fate: Fate
  private(set) var state = "CREATED"
  private(set) var message: String?
  /// Newest first, as Core keeps them.
  private(set) var transitions: [Transition] = []
  /// In the order of their times.
  private(set) var schedule: [Step] = []
  private(set) var readyAt: Milliseconds?
  private(set) var startedAt: Milliseconds?
  private(set) var endedAt: Milliseconds?
  /// Of a build, once it is planned.
  var build: BuildPlan?

  init(action: String, fate: Fate, at time: Milliseconds) {
    self.action = action
    self.fate = fate
    move(to: "CREATED", at: time)
  }

  /// What the clock has brought about by now; the steps taken, in order.
  mutating func advance(to now: Milliseconds) -> [Step] {
    var taken: [Step] = []
    while let next = schedule.first, next.time <= now {
      schedule.removeFirst()
      move(to: next.state, at: next.time, message: next.message)
      taken.append(next)
    }
    return taken
  }

  /// Into a state, whatever the table says: the table's callers have asked it, and tests may force a state.
  mutating func move(to state: String, at time: Milliseconds, message: String? = nil) {
    self.state = state
    self.message = message ?? (state == "ERROR" ? self.message : nil)
    transitions.insert(Transition(state: state, time: time, message: message), at: 0)
    switch state {
    case "READY": readyAt = time
    case "RUNNING":
      startedAt = time
      endedAt = nil
    case "COMPLETED", "ERROR", "STOPPED": endedAt = endedAt ?? time
    default: break
    }
  }

  /// Does what the event means, and plans what follows; nothing where the state does not allow it.
  mutating func perform(_ event: String, level: Int, pace: DoubleOptions.Pace, at now: Milliseconds) {
    guard let next = RunTable.next(state, event, level: level), event != "LOOP" else { return }
    move(to: next, at: now)
    schedule = plan(from: next, level: level, pace: pace, at: now)
  }

  /// Puts it where a test wants it, for good.
  mutating func force(_ state: String, message: String?, at now: Milliseconds) {
    schedule = []
    move(to: state, at: now, message: message)
  }

  private func plan(from state: String, level: Int, pace: DoubleOptions.Pace, at now: Milliseconds) -> [Step] {
    switch state {
    case "READY": start(level: level, pace: pace, at: now)
    case "PENDING": fate.obstacle == nil ? execution(pace: pace, at: now + (fate.pending ?? pace.pending)) : []
    case "RUNNING": end(pace: pace, at: now)
    case "STOP": [Step(time: now + pace.stop, state: "STOPPED")]
    case "RESUME": execution(pace: pace, at: now + pace.resume)
    case "DELETING": [Step(time: now + pace.delete, state: "DELETED")]
    default: []
    }
  }

  private func start(level: Int, pace: DoubleOptions.Pace, at now: Milliseconds) -> [Step] {
    let created = now + (fate.ready ?? pace.ready)
    if let refusal = fate.refusal { return [Step(time: created, state: "ERROR", message: refusal)] }
    // At level 13 the monitor reports RUNNING as soon as the object exists in the cluster.
    guard level > 13 else {
      return [Step(time: created, state: "RUNNING")] + (fate.obstacle == nil ? end(pace: pace, at: created) : [])
    }
    let pending = [Step(time: created, state: "PENDING")]
    return fate.obstacle == nil
      ? pending + execution(pace: pace, at: created + (fate.pending ?? pace.pending)) : pending
  }

  private func execution(pace: DoubleOptions.Pace, at time: Milliseconds) -> [Step] {
    [Step(time: time, state: "RUNNING")] + end(pace: pace, at: time)
  }

  private func end(pace: DoubleOptions.Pace, at started: Milliseconds) -> [Step] {
    let end = started + (fate.running ?? pace.running)
    switch action {
    case "job", "build":
      guard (fate.exitCode ?? 0) != 0 else { return [Step(time: end, state: "COMPLETED")] }
      return [Step(time: end, state: "ERROR", message: "Job failed: 1")]
    default:
      return fate.exitCode == nil ? [] : [Step(time: end, state: "ERROR", message: "Multiple pod restarts")]
    }
  }
}

/// Which event leads where (contract, section 4). Whatever is not here is swallowed.
enum RunTable {
  static func next(_ state: String, _ event: String, level: Int) -> String? {
    switch (event, state) {
    case ("BUILD", "CREATED"): "BUILT"
    case ("RUN", "BUILT"): "READY"
    case ("SCHEDULE", "READY"): level > 13 ? "PENDING" : nil
    case ("EXECUTE", "READY"), ("EXECUTE", "PENDING"), ("EXECUTE", "RESUME"): "RUNNING"
    case ("COMPLETE", "PENDING"), ("COMPLETE", "RUNNING"): "COMPLETED"
    case ("LOOP", "PENDING"), ("LOOP", "RUNNING"): state
    case ("STOP", "RUNNING"): "STOP"
    case ("STOP", "STOP"): "STOPPED"
    // Only level 13 registers the state RESUME for containers.
    case ("RESUME", "STOPPED"): level == 13 ? "RESUME" : nil
    case ("ERROR", "COMPLETED"), ("ERROR", "ERROR"), ("ERROR", "DELETED"): nil
    case ("ERROR", _): "ERROR"
    case ("DELETE", "DELETED"): nil
    case ("DELETE", "DELETING"): "DELETED"
    case ("DELETE", _): "DELETING"
    default: nil
    }
  }

  /// The actions that level 13 has a path for; from 14 on any word will do.
  static let actions13 = ["build", "run", "stop", "resume", "delete"]
}
