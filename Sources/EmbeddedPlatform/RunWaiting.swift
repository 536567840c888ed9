internal import Catalog
internal import JSON
internal import Model
package import Platform

// Runs as they are now, and as they will be.
extension EmbeddedPlatform {
  /// How long a stop's or a delete's own work may take, beyond a grace.
  static let carryOutSeconds = 15.0

  package func waitRun(
    _ reference: RunReference,
    until goal: WaitGoal?,
    timeoutSeconds: Double?,
    progress: @escaping @Sendable (Progress) async -> Void
  ) async throws -> WaitResult {
    var last = try await current(reference)
    let staysUp = last.action == .serve || last.action == .deploy
    let goal = goal ?? (staysUp ? .running : .terminal)
    func isReached(_ run: RunRecord?) -> Bool {
      guard let run else { return true }
      return run.state.isTerminal || (goal == .running && run.state == .running)
    }
    if isReached(last) { return WaitResult(run: last.entity.shown, timedOut: false) }
    let settled = try await settle(reference, within: timeoutSeconds, progress: progress) { run in
      if let run { last = run }
      return isReached(run)
    }
    guard let settled else {
      // Somebody deleted it while it was waited for.
      last.entity.status["state"] = .string(RunState.deleted.rawValue)
      return WaitResult(run: last.entity.shown, timedOut: false)
    }
    return WaitResult(run: settled.entity.shown, timedOut: !isReached(settled))
  }

  package func getRunLogs(
    _ reference: RunReference,
    query: LogQuery,
    timeoutSeconds: Double
  ) async throws -> LogPage {
    let execution = try await catalog.execution(of: try await current(reference))
    guard query.follow else { return try await executor.logs(execution, query: query) }
    var now = query
    now.follow = false
    let quick = now
    let page = try await executor.logs(execution, query: quick)
    guard page.entries.isEmpty, try await !recorded(reference).state.isTerminal else { return page }
    return try await withThrowingTaskGroup(of: LogPage?.self) { [executor] group in
      group.addTask { try await executor.logs(execution, query: query) }
      group.addTask {
        try await Task.sleep(for: .seconds(timeoutSeconds))
        return nil
      }
      // What never began has no log that could end.
      group.addTask { [self] in
        _ = try await settle(reference, within: nil) { $0?.state.isTerminal ?? true }
        return try await executor.logs(execution, query: quick)
      }
      defer { group.cancelAll() }
      return try await group.next().flatMap { $0 } ?? page
    }
  }

  // MARK: Shared

  func recorded(_ reference: RunReference) async throws -> RunRecord {
    if let run = try await catalog.run(project: reference.project, id: reference.id) { return run }
    throw try await missing(Self.notFound(reference), in: reference.project)
  }

  /// The run as it is now. One whose sidecar is gone is taken up first, and looked at before the answer.
  func current(_ reference: RunReference) async throws -> RunRecord {
    try await caughtUp(try await recorded(reference))
  }

  /// Takes up every run whose sidecar is gone.
  func catchUp() async throws {
    let runs = try await catalog.unfinishedRuns()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for run in runs where await !supervisor.isDriving(run.id) {
        group.addTask { _ = try await self.caughtUp(run) }
      }
      try await group.waitForAll()
    }
  }

  private func caughtUp(_ run: RunRecord) async throws -> RunRecord {
    await housekeeper.begin()
    guard !run.state.isTerminal, try await supervisor.adopt(run) == .taken else { return run }
    await housekeeper.begin(withEngine: true)
    let reference = RunReference(project: run.entity.project, id: run.id)
    switch try? await executor.observe(try await catalog.execution(of: run)) {
    // It ended meanwhile: the driver is about to say so.
    case .ended? where !run.action.staysUp:
      return try await settle(reference, within: 2) { $0?.state.isTerminal ?? true } ?? run
    // It came up meanwhile.
    case .running? where run.state == .pending:
      return try await settle(reference, within: 2) { $0?.state != .pending } ?? run
    default: return try await recorded(reference)
    }
  }

  /// Reads the run at every change until it is as wanted (nil: gone), or the time is over: then it is given as it is.
  /// `begin` runs once nothing can be missed any more.
  func settle(
    _ reference: RunReference,
    within seconds: Double?,
    after begin: (RunSupervisor) async throws -> Void = { _ in },
    progress: @escaping @Sendable (Progress) async -> Void = { _ in },
    until isSettled: (RunRecord?) -> Bool
  ) async throws -> RunRecord? {
    let subscription = supervisor.changes.subscribe(to: reference.id, deadlineSeconds: seconds)
    let foreign = supervisor.foreignChanges
    await foreign.beginWaiting()
    defer { Task { await foreign.endWaiting() } }
    try await begin(supervisor)
    var run = try await catalog.run(project: reference.project, id: reference.id)
    if isSettled(run) { return run }
    for await change in subscription.changes {
      switch change {
      case .progress(let step): await progress(step)
      case .deadline: return run
      case .look:
        run = try await catalog.run(project: reference.project, id: reference.id)
        if isSettled(run) { return run }
        if let run { try await supervisor.adopt(run) }
      }
    }
    throw CancellationError()
  }

  static func notFound(_ reference: RunReference) -> SidecarError {
    SidecarError(
      .runNotFound,
      "There is no run `\(reference.id)` in project `\(reference.project)`.",
      hint: "See listRuns."
    )
  }

  /// The wish is recorded, and whoever drives the run goes on trying.
  static func notCarriedOut(_ what: String, _ run: RunRecord) -> SidecarError {
    SidecarError(
      .timeout,
      "The \(what) is recorded and not carried out yet; it will be once the engine allows it.",
      hint: "Look at the run with getRun; `dh-sidecar doctor` tells whether the engine answers.",
      cause: run.entity.status["message"]?.stringValue
    )
  }
}

extension ListQuery {
  /// States and fields that embedded runs do not have are faults: a list without them would look like an answer.
  init(_ query: RunQuery) throws {
    guard let sort = SortField(rawValue: query.sort.rawValue) else {
      let fault = Fault(pointer: "/sort", rule: "enum", message: "Runs are sorted by created, updated or name.")
      throw SidecarError(.invalidParams, fault.message, faults: [fault])
    }
    for (index, state) in query.states.enumerated() where RunState.transitions[state] == nil && state != .deleted {
      let known = RunState.transitions.keys.map(\.rawValue).sorted().joined(separator: ", ")
      let fault = Fault(
        pointer: query.states.count == 1 ? "/state" : "/state/\(index)",
        rule: "enum",
        message: "There is no state `\(state.rawValue)`; there are: \(known)."
      )
      throw SidecarError(.invalidParams, fault.message, faults: [fault])
    }
    self.init(
      name: query.name,
      kind: query.kind,
      user: query.user,
      createdAfter: query.createdAfter,
      createdBefore: query.createdBefore,
      sort: sort,
      descending: !query.ascending,
      limit: query.limit,
      cursor: query.cursor,
      function: query.function?.text,
      action: query.action,
      states: query.states
    )
  }
}
