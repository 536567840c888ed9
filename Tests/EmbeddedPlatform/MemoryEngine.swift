import JSON
import Model
import Platform
import Synchronization

/// An engine in memory. Its containers outlive whoever made them, so it stands for the machine behind several sidecars.
final class MemoryEngine: Sendable {
  enum Container: Sendable, Hashable {
    case created, running
    case ended(Ending)
  }

  /// What a launch comes to.
  enum Launch: Sendable {
    case starts
    /// Begun and over before anybody could look.
    case ends(Int)
    /// Never begun: no such image.
    case refused(String)
    /// Waits, as for a long pull, until `release` or until it is called off.
    case held
    case fails(SidecarError)
  }

  struct State: Sendable {
    var containers: [String: Container] = [:]
    /// How often each run's program was begun.
    var starts: [String: Int] = [:]
    /// `ensure`, `stop 5`, `remove`, … in order.
    var calls: [String] = []
    var launches: [Launch] = []
    var isDown = false
    var secrets: [String: String] = [:]
    var startedAt: [String: Timestamp] = [:]
    var isPortTaken = false
    var restarts = 0
    /// What a killed sidecar left: the run's id and the catalog's name.
    var leftovers: [String: String] = [:]
  }

  let state = Mutex(State())
  /// Asked at every launch, before anything is made.
  private let atLaunch: @Sendable (Execution) async -> Void

  init(atLaunch: @escaping @Sendable (Execution) async -> Void = { _ in }) { self.atLaunch = atLaunch }

  static let gone = SidecarError(.engineUnavailable, "The engine stopped answering.", hint: "start it again")

  /// How the next launches go; then they start.
  func launch(_ launches: Launch...) { state.withLock { $0.launches += launches } }
  func release() { state.withLock { $0.launches = [] } }
  func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
  func put(_ container: Container?, for run: String) { state.withLock { $0.containers[run] = container } }

  func end(_ run: String, exitCode: Int = 0) { put(.ended(Self.ending(exitCode)), for: run) }

  func container(_ run: String) -> Container? { state.withLock { $0.containers[run] } }
  func starts(_ run: String) -> Int { state.withLock { $0.starts[run] ?? 0 } }
  func count(of call: String) -> Int { state.withLock { $0.calls.count { $0 == call } } }
  var calls: [String] { state.withLock { $0.calls } }

  static func ending(_ exitCode: Int) -> Ending {
    Ending(
      succeeded: exitCode == 0,
      exitCode: exitCode,
      reason: exitCode == 0 ? "Completed" : "Error",
      message: "The program ended with exit code \(exitCode).",
      startedAt: Timestamp(nanoseconds: 1_000_000_000),
      finishedAt: Timestamp(nanoseconds: 2_000_000_000)
    )
  }

  fileprivate func begin(_ execution: Execution) async throws -> Launch {
    await atLaunch(execution)
    let launch = state.withLock { state -> Launch in
      guard let first = state.launches.first else { return .starts }
      if case .held = first { return first }
      state.launches.removeFirst()
      return first
    }
    guard case .held = launch else { return launch }
    while state.withLock({ !$0.launches.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
    return .starts
  }
}

struct MemoryExecutor: Executor {
  let engine: MemoryEngine
  let kind = PlatformKind.local
  let actions: Set<Action> = [.job, .deploy]

  func describe() async throws -> JSONObject {
    try ping()
    return ["engine": "memory"]
  }

  func ping() throws { if engine.state.withLock({ $0.isDown }) { throw MemoryEngine.gone } }

  func render(_ execution: Execution) throws -> Rendering {
    let call: JSONObject = ["run": .string(execution.runID), "args": .array(execution.spec.args.map { .string($0) })]
    return Rendering(member: "calls", objects: [call], warnings: [])
  }

  func ensure(_ execution: Execution, progress: @escaping @Sendable (Progress) -> Void) async throws -> Observation {
    let id = execution.runID
    engine.state.withLock {
      $0.calls.append("ensure")
      $0.secrets = execution.secretValues
    }
    try ping()
    switch engine.container(id) {
    case .running: return try await observe(execution)
    case .ended where !isOlder(execution): return try await observe(execution)
    case nil, .created, .ended: break
    }
    progress(Progress(message: "Pulling \(execution.spec.image ?? "")", done: 1, total: 2, unit: "layers"))
    switch try await engine.begin(execution) {
    case .starts, .held: start(id, as: .running)
    case .ends(let exitCode): start(id, as: .ended(MemoryEngine.ending(exitCode)))
    case .refused(let words):
      return .ended(Ending(succeeded: false, exitCode: nil, reason: "ImagePull", message: words))
    case .fails(let error): throw error
    }
    return try await observe(execution)
  }

  private func start(_ id: String, as container: MemoryEngine.Container) {
    engine.state.withLock {
      $0.containers[id] = container
      $0.starts[id, default: 0] += 1
      $0.startedAt[id] = Timestamp.now()
    }
  }

  private func isOlder(_ execution: Execution) -> Bool {
    guard let resumedAt = execution.resumedAt else { return false }
    let startedAt = engine.state.withLock { $0.startedAt[execution.runID] }
    return (startedAt?.nanoseconds ?? 0) < resumedAt.nanoseconds
  }

  func observe(_ execution: Execution) async throws -> Observation {
    try ping()
    return switch engine.container(execution.runID) {
    case nil: .absent
    case .created: .pending(detail: nil)
    case .running: .running(since: Timestamp(nanoseconds: 1_000_000_000))
    case .ended(let ending): isOlder(execution) ? .pending(detail: nil) : .ended(ending)
    }
  }

  func check(_ execution: Execution) throws {
    if engine.state.withLock({ $0.isPortTaken }) { throw SidecarError(.portInUse, "Port 80 is taken.") }
  }

  func upkeep(_ execution: Execution) async throws -> Upkeep? {
    guard execution.spec.action.staysUp else { return nil }
    let restarts = engine.state.withLock { $0.restarts }
    return Upkeep(replicas: [.init(name: "r", state: "running", restarts: restarts, startedAt: nil)])
  }

  func awaitEnd(
    _ execution: Execution,
    changed: @escaping @Sendable (Upkeep) async -> Void
  ) async throws -> Observation {
    guard execution.spec.action.staysUp else { return try await awaitEnd(execution) }
    while true {
      let observation = try await observe(execution)
      guard case .running = observation else { return observation }
      if let upkeep = try await upkeep(execution) { await changed(upkeep) }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  func awaitEnd(_ execution: Execution) async throws -> Observation {
    while true {
      // A short absence of the engine is nobody's business here, as with a real one.
      if let observation = try? await observe(execution) {
        guard case .running = observation else { return observation }
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  func stop(_ execution: Execution, graceSeconds: Int) async throws {
    engine.state.withLock { $0.calls.append("stop \(graceSeconds)") }
    try ping()
    if engine.container(execution.runID) == .running { engine.end(execution.runID, exitCode: 143) }
  }

  func remove(_ execution: Execution) async throws {
    engine.state.withLock { $0.calls.append("remove") }
    try ping()
    engine.put(nil, for: execution.runID)
  }

  func removeProject(_ project: String, catalog: String) throws {
    engine.state.withLock { $0.calls.append("removeProject \(project)") }
    try ping()
  }

  func removeLeftovers(
    of catalog: String,
    known: @Sendable (Set<String>) async throws -> Set<String>
  ) async throws {
    engine.state.withLock { $0.calls.append("removeLeftovers") }
    try ping()
    let own = Set(engine.state.withLock { $0.leftovers.filter { $0.value == catalog } }.keys)
    let recorded = try await known(own)
    engine.state.withLock { for run in own.subtracting(recorded) { $0.leftovers[run] = nil } }
  }

  func logs(_ execution: Execution, query: LogQuery) async throws -> LogPage {
    try ping()
    while query.follow, engine.container(execution.runID) == .running { try await Task.sleep(for: .milliseconds(2)) }
    return LogPage(entries: [], cursor: query.after ?? "start")
  }
}
