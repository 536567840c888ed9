import Glibc
import HTTP
import JSON
import Model
import Platform

// What stays up: serve and deploy, as one container for each replica.
extension EngineExecutor {
  /// How long `ensure` waits for replicas to come up before it says what for; it is asked again then.
  private static let noticeSeconds = 5.0
  private static let graceOfFailure = 1

  /// The ports that it asks for by number, and the paths of this machine.
  package func check(_ execution: Execution) async throws {
    try Self.checkHostPaths(execution.spec)
    if execution.spec.action == .build, !execution.spec.secrets.isEmpty { try await checkBuildSecrets() }
    guard execution.spec.action == .serve else { return }
    let ports = PublishedPort.of(execution.spec, replica: 1, address: configuration.address)
    let faults = ports.compactMap { port in
      port.wanted.flatMap { wanted in
        HostSocket.isTaken(wanted, on: port.address)
          ? Fault(
            pointer: port.pointer,
            rule: "port_in_use",
            message: "Port \(wanted) of \(port.address) is taken on this machine.",
            hint: "Give another port in service_ports, or stop what listens there."
          ) : nil
      }
    }
    guard let first = faults.first else { return }
    throw SidecarError(.portInUse, first.message, hint: first.hint, faults: faults)
  }

  /// An engine would make a folder of what is not there.
  private static func checkHostPaths(_ spec: WorkloadSpec) throws {
    let faults = spec.volumes.enumerated().compactMap { index, volume -> Fault? in
      guard volume.kind == .hostPath, let path = volume.spec["path"]?.stringValue, access(path, F_OK) != 0 else {
        return nil
      }
      return Fault(
        pointer: "/volumes/\(index)/spec/path",
        rule: "not_found",
        message: "\(path) is not there on this machine.",
        hint: "Make it first, or correct the path."
      )
    }
    guard let first = faults.first else { return }
    throw SidecarError(.invalidParams, first.message, hint: first.hint, faults: faults)
  }

  private func checkBuildSecrets() async throws {
    try await withClient { client in
      guard !client.engine.mountsSecrets else { return }
      let message = client.engine.secretsRefusal
      let fault = Fault(pointer: "/secrets", rule: "unsupported", message: message, hint: Engine.secretsHint)
      throw SidecarError(.unsupportedParameter, message, hint: Engine.secretsHint, faults: [fault])
    }
  }

  func ensureReplicas(
    _ execution: Execution,
    _ starter: ContainerStarter,
    progress: @Sendable (Progress) -> Void
  ) async throws -> Observation {
    let client = starter.client
    if let failure = try await ReplicaStarter(starter: starter).ensure(execution, progress: progress) {
      // Nothing lives on of a run that failed.
      try await Self.stopAll(EnginePlanner.containerNames(execution), graceSeconds: Self.graceOfFailure, client)
      return .ended(failure)
    }
    var watch = ReplicaWatch(client: client, starter: starter, execution: execution, limit: configuration.restartLimit)
    return try await watch.untilUp(seconds: Self.noticeSeconds, progress: progress)
  }

  package func upkeep(_ execution: Execution) async throws -> Upkeep? {
    guard execution.spec.action.staysUp else { return nil }
    let plan = try plan(execution)
    return try await withClient(for: execution) { client in
      var looks: [ReplicaWatch.Look] = []
      for container in plan.containers {
        looks.append(ReplicaWatch.Look(container: container, state: try await client.inspect(container.name)))
      }
      return ReplicaWatch.upkeep(looks, execution)
    }
  }

  package func awaitEnd(
    _ execution: Execution,
    changed: @escaping @Sendable (Upkeep) async -> Void
  ) async throws -> Observation {
    guard execution.spec.action.staysUp else { return try await awaitEnd(execution) }
    let plan = try plan(execution)
    return try await outlasting {
      try await withClient(for: execution) { client in
        let starter = starter(plan, execution, client)
        let limit = configuration.restartLimit
        var watch = ReplicaWatch(client: client, starter: starter, execution: execution, limit: limit)
        return try await watch.untilEnd(changed: changed)
      }
    }
  }

  /// All gone: absent. All over: how the first ended. All running: running; everything else is pending.
  func observeReplicas(_ execution: Execution, _ client: EngineClient) async throws -> Observation {
    var observations: [Observation] = []
    for name in EnginePlanner.containerNames(execution) {
      guard let state = try await client.inspect(name) else {
        observations.append(.absent)
        continue
      }
      if state.status == "running" {
        observations.append(.running(since: state.startedAt))
      } else if state.isRunning {
        observations.append(.pending(detail: state.status))
      } else {
        observations.append(try await Self.observation(name, client, resumedAt: execution.resumedAt))
      }
    }
    if observations.allSatisfy({ $0 == .absent }) { return .absent }
    var endings: [Ending] = []
    var times: [Timestamp] = []
    for observation in observations {
      switch observation {
      case .ended(let ending): endings.append(ending)
      case .running(let since): times.append(since ?? Timestamp.now())
      case .absent, .pending: break
      }
    }
    if endings.count == observations.count, let first = endings.first { return .ended(first) }
    guard times.count == observations.count else { return .pending(detail: nil) }
    return .running(since: times.max { $0.nanoseconds < $1.nanoseconds })
  }

  /// At once, and until none runs: an engine that is just about to begin a program again does so after a stop too.
  static func stopAll(_ names: [String], graceSeconds: Int, _ client: EngineClient) async throws {
    for _ in 1...5 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for name in names { group.addTask { try await stop(name, graceSeconds: graceSeconds, client) } }
        try await group.waitForAll()
      }
      var isQuiet = true
      for name in names {
        guard let state = try await client.inspect(name) else { continue }
        let isFresh = state.finishedAt.map { Timestamp.now().nanoseconds - $0.nanoseconds < 500_000_000 } ?? false
        if state.isRunning || (client.engine.isPodman && isFresh && state.restarts > 0) { isQuiet = false }
      }
      if isQuiet { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    for name in names where try await client.inspect(name)?.isRunning == true {
      // To be tried again: a stop is not said to be done while something runs.
      throw SidecarError(.engineUnavailable, "The container \(name) begins again after each stop.")
    }
  }
}
