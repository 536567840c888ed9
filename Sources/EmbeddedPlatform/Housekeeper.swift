internal import Catalog
internal import Model
internal import Platform
import Synchronization

/// Deletes finished runs whose time is over, and has the executor remove what killed sidecars have left. Every sidecar
/// of a catalog does; what one has begun the others leave alone.
actor Housekeeper {
  private let catalog: Catalog
  private let executor: any Executor
  /// It tells the housekeeper of runs that end, and so is made after it.
  private let supervisor = Mutex(WeakSupervisor())
  private var loop: Task<Void, Never>?
  private var nap: Task<Void, Never>?
  private var usesEngine = false
  private var isBusy = false
  /// Something has changed since the last look began.
  private var isWanted = false
  private var isClosed = false

  /// What other sidecars' runs come to is looked for that often.
  private static let interval = 60.0
  /// Longest time that a process stays for this alone.
  private static let patience = Duration.seconds(30)
  /// Deleted at the same time.
  private static let batch = 8

  private struct WeakSupervisor {
    weak var value: RunSupervisor?
  }

  init(catalog: Catalog, executor: any Executor) {
    self.catalog = catalog
    self.executor = executor
  }

  nonisolated func work(with supervisor: RunSupervisor) { self.supervisor.withLock { $0.value = supervisor } }

  /// To be called by whatever reads or makes runs; does its work in the background. `withEngine`: the engine has been
  /// used anyway, so that it may be asked what is left; nobody starts one for that.
  func begin(withEngine: Bool = false) {
    guard !isClosed, loop == nil || (withEngine && !usesEngine) else { return }
    usesEngine = usesEngine || withEngine
    guard loop == nil else { return look() }
    isBusy = true
    loop = Task { await self.run() }
  }

  /// Something may have to be deleted sooner than was known.
  func look() {
    guard !isClosed, loop != nil else { return begin() }
    isWanted = true
    nap?.cancel()
  }

  /// Waits for what is under way.
  func drain(until deadline: ContinuousClock.Instant) async {
    let deadline = min(deadline, ContinuousClock.now + Self.patience)
    while isBusy, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(10)) }
  }

  /// Begins nothing more.
  func stop() {
    isClosed = true
    loop?.cancel()
    nap?.cancel()
  }

  /// Returns when nothing is under way any more; after the supervisor let go of its runs.
  func close() async {
    stop()
    await loop?.value
  }

  private func run() async {
    while !isClosed {
      isBusy = true
      isWanted = false
      // What fails now is tried again: nobody waits for it.
      try? await deleteExpired()
      try? await sweep()
      let next = (try? await catalog.nextExpiry()) ?? nil
      let seconds = next.map { Double($0.nanoseconds - Timestamp.now().nanoseconds) / 1e9 } ?? Self.interval
      guard !isWanted, !isClosed else { continue }
      isBusy = false
      // An engine that is away must not make this a busy loop.
      let nap = Task { _ = try? await Task.sleep(for: .seconds(min(max(seconds, 0.1), Self.interval))) }
      self.nap = nap
      await nap.value
    }
    isBusy = false
  }

  private func deleteExpired() async throws {
    guard let supervisor = supervisor.withLock({ $0.value }) else { return }
    while !isClosed {
      let runs = try await catalog.expiredRuns(limit: Self.batch)
      if runs.isEmpty { return }
      // They stay as they are until it can be done.
      try await executor.ping()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for run in runs {
          group.addTask {
            // Lost to another sidecar, or to whoever resumed it just now.
            guard let deleting = try await supervisor.transitions.perform(run, to: .deleting) else { return }
            try await supervisor.adopt(deleting)
            await supervisor.finish(run.id)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  private func sweep() async throws {
    guard usesEngine, !isClosed, try await catalog.claimSweep() else { return }
    let catalog = catalog
    do {
      try await executor.removeLeftovers(of: try await catalog.identity()) { try await catalog.known(runs: $0) }
    } catch {
      try await catalog.requestSweep()
      throw error
    }
  }
}
