import Model
import Platform

/// Looks at the containers of a serve or a deploy, again and again: whether all are up, and whether one ends in a row.
struct ReplicaWatch {
  /// A program that ends at once should not be called up before.
  private static let upSeconds = 1.0
  /// The engine begins a program again by itself; one that has not run for so long it leaves alone.
  private static let patienceSeconds = 3.0
  private static let quick = Duration.milliseconds(250)
  private static let slow = Duration.seconds(2)
  private static let linesOfLog = 10

  /// One container at one moment; nil state: not there.
  struct Look {
    var container: EnginePlan.Container
    var state: ContainerState?
    var ends = 0
    var upSeconds: Double?
  }

  let client: EngineClient
  let starter: ContainerStarter
  let limit: Int
  private let execution: Execution
  private var rows: [String: CrashRow] = [:]

  init(client: EngineClient, starter: ContainerStarter, execution: Execution, limit: Int) {
    self.client = client
    self.starter = starter
    self.execution = execution
    self.limit = limit
  }

  private var containers: [EnginePlan.Container] { starter.plan.containers }

  /// Until all replicas are up, or one is given up. `.pending` says what is waited for, after some seconds of it.
  mutating func untilUp(seconds: Double, progress: @Sendable (Progress) -> Void) async throws -> Observation {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let looks = try await look()
      if looks.contains(where: { $0.state == nil }) { return .pending(detail: "A container is gone.") }
      if let ending = try await giveUp(looks) { return .ended(ending) }
      var waitingFor: String?
      for look in looks where waitingFor == nil { waitingFor = try await obstacle(look) }
      guard let waitingFor else {
        return .running(since: looks.compactMap { $0.state?.startedAt }.max { $0.nanoseconds < $1.nanoseconds })
      }
      if ContinuousClock.now >= deadline { return .pending(detail: waitingFor) }
      progress(Progress(message: waitingFor))
      try await Task.sleep(for: Self.quick)
    }
  }

  /// Until one replica is given up, is gone (`.pending`), or all are (`.absent`).
  mutating func untilEnd(changed: @Sendable (Upkeep) async -> Void) async throws -> Observation {
    var told: Upkeep?
    while true {
      let looks = try await look()
      if looks.allSatisfy({ $0.state == nil }) { return .absent }
      if looks.contains(where: { $0.state == nil }) { return .pending(detail: "A container is gone.") }
      if let ending = try await giveUp(looks) { return .ended(ending) }
      let upkeep = Self.upkeep(looks, execution)
      if upkeep != told { await changed(upkeep) }
      told = upkeep
      let isSettled = looks.allSatisfy { ($0.upSeconds ?? 0) >= CrashRow.settledSeconds }
      try await Task.sleep(for: isSettled ? Self.slow : Self.quick)
    }
  }

  mutating func look() async throws -> [Look] {
    var looks: [Look] = []
    for container in containers {
      var look = Look(container: container, state: try await client.inspect(container.name))
      if let state = look.state {
        let now = Timestamp.now()
        func seconds(since time: Timestamp?) -> Double? {
          time.map { Double(now.nanoseconds - $0.nanoseconds) / 1e9 }
        }
        if state.status == "running" { look.upSeconds = seconds(since: state.startedAt) }
        var row = rows[container.name] ?? CrashRow()
        let age = seconds(since: state.createdAt) ?? 0
        look.ends = row.ends(restarts: state.restarts, upSeconds: look.upSeconds, ageSeconds: age)
        // Stopped by hand, or the engine itself was away: it is to be up all the same.
        if state.hasEnded, look.ends < limit, seconds(since: state.finishedAt) ?? 0 > Self.patienceSeconds {
          _ = try await starter.start(container)
          row.startedAgain()
        }
        rows[container.name] = row
      }
      looks.append(look)
    }
    return looks
  }

  static func upkeep(_ looks: [Look], _ execution: Execution) -> Upkeep {
    let replicas = looks.map { look in
      Upkeep.Replica(
        name: look.container.name,
        state: look.state?.status ?? "absent",
        restarts: look.state?.restarts ?? 0,
        startedAt: look.state?.startedAt
      )
    }
    return Upkeep(replicas: replicas, service: ServiceStatus.json(looks, execution))
  }

  /// What a replica still lacks; nil where it is up.
  private func obstacle(_ look: Look) async throws -> String? {
    let name = look.container.name
    guard let state = look.state, let upSeconds = look.upSeconds else { return "\(name) is not running." }
    switch state.health {
    case "healthy": return nil
    // Podman needs systemd to carry the checks out: where it does not, the ports alone decide.
    case .some(let health) where !client.engine.isPodman: return "The HEALTHCHECK of \(name) says \(health)."
    default: break
    }
    let hostPorts = PublishedPort.hostPorts(look.container.ports, in: state.portBindings)
    for (port, hostPort) in zip(look.container.ports, hostPorts) {
      guard let hostPort else { continue }
      guard try await HostSocket.accepts(hostPort, on: port.reachableAddress) else {
        return "Nothing listens on port \(port.targetPort) (target_port) of \(name) yet."
      }
    }
    if look.container.ports.isEmpty, upSeconds < Self.upSeconds { return "\(name) has just started." }
    return nil
  }

  /// Stops everything where a program ends again and again, and says how.
  private func giveUp(_ looks: [Look]) async throws -> Ending? {
    guard let (index, look) = looks.enumerated().first(where: { $1.ends >= limit }), let state = look.state else {
      return nil
    }
    let exitCode = try await lastExitCode(look.container, state)
    try await EngineExecutor.stopAll(containers.map(\.name), graceSeconds: 1, client)
    let page = try await LogReader(client: client, container: look.container.name).page(
      LogQuery(tail: Self.linesOfLog)
    )
    let now = Timestamp.now()
    return EndingClassifier.crashLoop(
      execution.spec,
      replica: index + 1,
      ends: look.ends,
      exitCode: exitCode,
      lines: page.entries.map(\.text),
      finishedAt: now
    )
  }

  /// Of the last time; where the program runs just now, of this time, if it ends soon. Looked at again and again, since
  /// Podman's wait does not see an end that is followed by a restart.
  private func lastExitCode(_ container: EnginePlan.Container, _ state: ContainerState) async throws -> Int? {
    let deadline = ContinuousClock.now + .seconds(CrashRow.settledSeconds)
    var state: ContainerState? = state
    while let now = state, ContinuousClock.now < deadline {
      if now.status != "running" { return now.exitCode }
      try await Task.sleep(for: .milliseconds(20))
      state = try await client.inspect(container.name)
    }
    return nil
  }
}
