internal import Catalog
internal import JSON
internal import Model
internal import Platform

/// Who drives which run: one driver for each run whose lease this sidecar holds.
actor RunSupervisor {
  nonisolated let changes: RunChanges
  nonisolated let foreignChanges: ForeignChanges
  nonisolated let transitions: RunTransitions
  private let catalog: Catalog
  private let executor: any Executor
  private var drivers: [String: (driver: RunDriver, task: Task<Void, Never>)] = [:]
  private var isClosed = false
  /// Told of every run that is over and is to be deleted some time.
  private let expiring: @Sendable () async -> Void

  init(catalog: Catalog, executor: any Executor, expiring: @escaping @Sendable () async -> Void = {}) {
    self.expiring = expiring
    self.catalog = catalog
    self.executor = executor
    changes = RunChanges()
    foreignChanges = ForeignChanges(catalog: catalog, changes: changes)
    transitions = RunTransitions(catalog: catalog, changes: changes)
  }

  enum Adoption: Sendable {
    case taken, alreadyOurs, another, over
  }

  /// Takes the run up where nobody living drives it.
  @discardableResult
  func adopt(_ run: RunRecord) async throws -> Adoption {
    guard !run.state.isTerminal, !isClosed else { return .over }
    if drivers[run.id] != nil { return .alreadyOurs }
    guard try await catalog.acquireLease(run: run.id) else { return .another }
    guard drivers[run.id] == nil, !isClosed else { return .alreadyOurs }
    let driver = RunDriver(run, catalog: catalog, executor: executor, changes: changes)
    let task = Task { [weak self] in
      await self?.foreignChanges.begin(driver, of: run.id)
      await driver.drive()
      await self?.ended(run)
    }
    drivers[run.id] = (driver, task)
    return .taken
  }

  func isDriving(_ id: String) -> Bool { drivers[id] != nil }

  /// Returns when this sidecar has done what it can for the run.
  func finish(_ id: String) async { await drivers[id]?.task.value }

  /// Waits for launches.
  func drain(until deadline: ContinuousClock.Instant) async {
    while ContinuousClock.now < deadline {
      var isLaunching = false
      for (driver, _) in drivers.values where await driver.isLaunching { isLaunching = true }
      guard isLaunching else { return }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Lets go of all runs, which go on.
  func close() async {
    isClosed = true
    let tasks = drivers.values.map(\.task)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// A stop or a delete is recorded: brings it to its driver, which may be in another sidecar.
  func carryOut(_ run: RunRecord) async throws {
    switch try await adopt(run) {
    case .alreadyOurs: await drivers[run.id]?.driver.interrupt()
    case .taken, .another, .over: break
    }
  }

  private func ended(_ run: RunRecord) async {
    let id = run.id
    await foreignChanges.end(id)
    // Before the driver is forgotten: whoever adopts next has to see a free lease.
    try? await catalog.releaseLease(run: id)
    drivers[id] = nil
    changes.publish(.look, for: id)
    // Resumed at the very moment in which its driver saw it stopped: whoever asked for it found it driven.
    guard !isClosed, let now = try? await catalog.run(project: run.entity.project, id: id) else { return }
    if now.entity.status["expires_at"] != nil { await expiring() }
    _ = try? await adopt(now)
  }
}
