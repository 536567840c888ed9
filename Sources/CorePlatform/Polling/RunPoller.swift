internal import JSON
internal import Model
internal import Platform

/// One poller for all who wait: Core has no watch, so a project's waiters share one list of what changed, however many
/// they are; one or two runs are read by themselves, which costs no more.
actor RunPoller {
  /// What a waiter hears.
  enum News: Sendable {
    /// As it is now; nil: there is no such run (any more).
    case run(RunView?)
    /// Core does not answer; the poller goes on trying.
    case unreachable(SidecarError)
    /// It will not get better by waiting.
    case failed(SidecarError)
    case deadline
  }

  /// What a wait came to.
  enum Outcome: Sendable {
    case run(RunView)
    /// There is no such run (any more).
    case gone
    /// The time was over before anything was seen.
    case unseen
  }

  private struct Project {
    var waiters: [Int: Waiter] = [:]
    /// The last look, by normalised id; the outer nil: not looked at yet.
    var seen: [String: RunView?] = [:]
    /// The newest `updated` that the server has told: its clock, never ours.
    var horizon: Timestamp?
    var ticks = 0
    var schedule = PollSchedule()
    var nap: Task<Void, Never>?
    var loop: Task<Void, Never>?
  }

  private struct Waiter {
    let id: String
    let news: AsyncStream<News>.Continuation
  }

  private let client: CoreClient
  private var projects: [String: Project] = [:]
  private var nextWaiter = 0

  init(client: CoreClient) { self.client = client }

  func close() {
    for project in projects.values {
      project.loop?.cancel()
      project.nap?.cancel()
      for waiter in project.waiters.values { waiter.news.finish() }
    }
    projects = [:]
  }

  /// The run once `isEnough` says so, or as it is after that many seconds (nil: as long as it takes). Every look that
  /// differs from the one before is shown to `observe` first.
  nonisolated func wait(
    for reference: RunReference,
    seconds: Double?,
    observe: @Sendable (News) async -> Void = { _ in },
    until isEnough: @Sendable (RunView) -> Bool
  ) async throws -> Outcome {
    let (number, news, continuation) = await join(reference)
    let deadline = seconds.map { seconds in
      Task {
        try? await Task.sleep(for: .seconds(seconds))
        if !Task.isCancelled { continuation.yield(.deadline) }
      }
    }
    defer {
      deadline?.cancel()
      Task { await self.leave(reference.project, number) }
    }
    let end = seconds.map { ContinuousClock.now + .seconds($0) }
    var last = Outcome.unseen
    for await each in news {
      await observe(each)
      switch each {
      case .run(let view?):
        last = .run(view)
        if isEnough(view) { return last }
      // A run that is gone stays gone.
      case .run(nil): return .gone
      case .unreachable: break
      case .failed(let error): throw error
      case .deadline: return last
      }
      // The news of the deadline itself may have been pushed out by later ones.
      if let end, ContinuousClock.now >= end { return last }
    }
    throw CancellationError()
  }

  /// Every look at the run that differs from the one before, until nobody listens. A newer one may stand for those
  /// before it.
  nonisolated func news(of reference: RunReference) async -> AsyncStream<News> {
    let (number, news, continuation) = await join(reference)
    continuation.onTermination = { [self] _ in
      Task { await leave(reference.project, number) }
    }
    return news
  }

  // MARK: Who waits

  private func join(_ reference: RunReference) -> (Int, AsyncStream<News>, AsyncStream<News>.Continuation) {
    // The newest look tells all: a run carries its former states with it.
    let (news, continuation) = AsyncStream.makeStream(of: News.self, bufferingPolicy: .bufferingNewest(4))
    nextWaiter += 1
    let id = EntityID.normalise(reference.id) ?? reference.id
    var project = projects[reference.project] ?? Project()
    project.waiters[nextWaiter] = Waiter(id: id, news: continuation)
    // What others saw may be seconds old: a new waiter has it looked at anew.
    project.seen[id] = nil
    project.schedule.hurry()
    project.nap?.cancel()
    if project.loop == nil {
      project.loop = Task { [weak self] in await self?.poll(reference.project) }
    }
    projects[reference.project] = project
    return (nextWaiter, news, continuation)
  }

  private func leave(_ name: String, _ number: Int) {
    guard let waiter = projects[name]?.waiters.removeValue(forKey: number) else { return }
    waiter.news.finish()
    guard let project = projects[name] else { return }
    if !project.waiters.values.contains(where: { $0.id == waiter.id }) { projects[name]?.seen[waiter.id] = nil }
    // The loop ends by itself at its next look; waking it lets it do so now.
    if project.waiters.isEmpty { project.nap?.cancel() }
  }

  // MARK: The loop

  private func poll(_ name: String) async {
    // Waiters that come together are looked at together.
    try? await Task.sleep(for: .milliseconds(2))
    while !Task.isCancelled, let project = projects[name], !project.waiters.isEmpty {
      var pause: Double
      do {
        let changed = try await look(name)
        pause = projects[name]?.schedule.next(changed: changed, jitter: .random(in: 0...1)) ?? 0
      } catch let error as SidecarError {
        let isFinal = !error.code.retryable
        for waiter in projects[name]?.waiters.values ?? [:].values {
          waiter.news.yield(isFinal ? .failed(error) : .unreachable(error))
        }
        pause = projects[name]?.schedule.afterFailure(jitter: .random(in: 0...1)) ?? 0
      } catch {
        break
      }
      let nap = Task<Void, Never> { try? await Task.sleep(for: .seconds(pause)) }
      projects[name]?.nap = nap
      // Somebody new came while the look was under way.
      if hasUnseen(name) { nap.cancel() }
      await nap.value
    }
    projects[name] = nil
  }

  private func hasUnseen(_ name: String) -> Bool {
    guard let project = projects[name] else { return false }
    return project.waiters.values.contains { project.seen[$0.id] == nil }
  }

  /// One look at all runs that are waited for. Whether any had changed.
  private func look(_ name: String) async throws -> Bool {
    guard let project = projects[name] else { return false }
    projects[name]?.ticks += 1
    let ids = Set(project.waiters.values.map(\.id))
    if ids.count <= 2 {
      var changed = false
      for id in ids { changed = try await single(name, id) || changed }
      return changed
    }
    let unseen = ids.filter { project.seen[$0] == nil }
    let isSweep = project.horizon == nil || unseen.count > 2 || project.ticks % Self.ticksPerSweep == 0
    if isSweep { return try await sweep(name, ids) }
    var changed = false
    for id in unseen { changed = try await single(name, id) || changed }
    return try await listChanged(name, ids) || changed
  }

  /// A list of changes does not show what is gone.
  private static let ticksPerSweep = 20

  /// Looks at one run; whether it had changed. What is wrong with this run alone is told to those who wait for it.
  private func single(_ name: String, _ id: String) async throws -> Bool {
    do {
      return note(name, id, RunView(core: try await client.read(name, "runs", id, "run \(id)", missing: Self.gone)))
    } catch let error as SidecarError {
      switch error.code {
      case .runNotFound: return note(name, id, nil)
      case .coreError, .coreInvalidAnswer:
        for waiter in projects[name]?.waiters.values ?? [:].values where waiter.id == id {
          waiter.news.yield(.failed(error))
        }
        return false
      default: throw error
      }
    }
  }

  private static let gone = SidecarError(.runNotFound, "There is no such run.")

  /// Runs whose `updated` is beyond what was seen; a little is asked for twice, since the server's moments may be
  /// rounded and its transactions may end out of order.
  private func listChanged(_ name: String, _ ids: Set<String>) async throws -> Bool {
    guard let horizon = projects[name]?.horizon else { return false }
    let since = Timestamp(nanoseconds: horizon.nanoseconds - 3_000_000_000)
    let request = CoreRequest.context("GET", name, "runs").asking("updated", "\(since.text),2200-01-01T00:00:00Z")
      .asking("sort", "updated,ASC")
    return try await take(name, ids, request, pages: 50).changed
  }

  /// All that are waited for, newest change first; what the pages don't show is read by itself.
  private func sweep(_ name: String, _ ids: Set<String>) async throws -> Bool {
    let request = CoreRequest.context("GET", name, "runs").asking("sort", "updated,DESC")
    var (found, changed) = try await take(name, ids, request, pages: 3)
    for id in ids.subtracting(found) { changed = try await single(name, id) || changed }
    return changed
  }

  private func take(
    _ name: String,
    _ ids: Set<String>,
    _ request: CoreRequest,
    pages: Int
  ) async throws -> (found: Set<String>, changed: Bool) {
    var found: Set<String> = []
    var changed = false
    for number in 0..<pages {
      let page = try await client.page(request, number: number, size: 1000, "what changed")
      for run in page.content {
        if let updated = run.updated, updated > projects[name]?.horizon ?? Timestamp(nanoseconds: .min) {
          projects[name]?.horizon = updated
        }
        let id = EntityID.normalise(run.id) ?? run.id
        guard ids.contains(id) else { continue }
        found.insert(id)
        changed = note(name, id, RunView(core: run)) || changed
      }
      if page.isLast || found == ids { break }
    }
    return (found, changed)
  }

  /// Whether it differs from the last look; its waiters hear of it.
  private func note(_ name: String, _ id: String, _ view: RunView?) -> Bool {
    if let former = projects[name]?.seen[id], former?.core == view?.core { return false }
    projects[name]?.seen[id] = .some(view)
    if let updated = view?.core.updated, updated > projects[name]?.horizon ?? Timestamp(nanoseconds: .min) {
      projects[name]?.horizon = updated
    }
    for waiter in projects[name]?.waiters.values ?? [:].values where waiter.id == id { waiter.news.yield(.run(view)) }
    return true
  }
}
