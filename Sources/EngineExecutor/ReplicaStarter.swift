import JSON
import Model
import Platform

/// Brings the containers of a serve or a deploy to where every one has been started, and chooses the ports that nobody
/// named. Whatever is already there is adopted.
struct ReplicaStarter {
  /// How often another port is tried where somebody takes the one that was free a moment ago.
  private static let portAttempts = 20

  let starter: ContainerStarter
  private var client: EngineClient { starter.client }

  /// Why it can't be; nil where all are started.
  func ensure(_ execution: Execution, progress: @Sendable (Progress) -> Void) async throws -> Ending? {
    var isProvided = false
    for container in starter.plan.containers {
      try Task.checkCancellation()
      var observation = Observation.running(since: nil)
      if let state = try await client.inspect(container.name) {
        if state.status == "created" || state.isOlder(than: execution.resumedAt) {
          observation = try await start(container, state)
        }
      } else {
        if !isProvided, let failure = try await starter.provide(execution, progress: progress) { return failure }
        isProvided = true
        progress(Progress(message: "Creating \(container.name)"))
        observation = try await make(container)
      }
      // One that runs and ends is no failure yet: its engine begins it again.
      if case .ended(let ending) = observation, ending.startedAt == nil { return ending }
    }
    return nil
  }

  private func make(_ container: EnginePlan.Container) async throws -> Observation {
    guard !container.ports.isEmpty else { return try await starter.make(container, container.create) }
    var passedOver: Set<Int> = []
    for _ in 1...Self.portAttempts {
      let observation = try await PortLock.hold {
        if let taken = takenPort(container) { return Observation.ended(taken) }
        guard let ports = try await hostPorts(container, except: passedOver) else { return .ended(Self.noFreePort) }
        passedOver.formUnion(zip(container.ports, ports).filter { $0.0.wanted == nil }.map(\.1))
        return try await starter.make(container, container.create(hostPorts: ports))
      }
      // Somebody else's program took it just now: another one, unless it was asked for.
      guard case .ended(let ending) = observation, ending.reason == "PortInUse", hasChoice(container),
        takenPort(container) == nil
      else { return observation }
      try await remove(container)
    }
    return .ended(Self.noFreePort)
  }

  /// One that was made before. Where a port of its own choice is taken meanwhile, it is made anew with another.
  private func start(_ container: EnginePlan.Container, _ state: ContainerState) async throws -> Observation {
    let hostPorts = PublishedPort.hostPorts(container.ports, in: state.portBindings)
    let isTaken = zip(container.ports, hostPorts).contains { port, hostPort in
      port.wanted == nil && hostPort.map { HostSocket.isTaken($0, on: port.address) } ?? false
    }
    if isTaken {
      try await remove(container)
      return try await make(container)
    }
    guard !container.ports.isEmpty else { return try await starter.start(container) }
    return try await PortLock.hold {
      if let taken = takenPort(container) { return .ended(taken) }
      return try await starter.start(container)
    }
  }

  private func remove(_ container: EnginePlan.Container) async throws {
    _ = try await client.call(EngineCall("DELETE", "/containers/\(container.name)?force=true&v=true"))
  }

  private func hasChoice(_ container: EnginePlan.Container) -> Bool { container.ports.contains { $0.wanted == nil } }

  /// Where a port that was asked for is taken.
  private func takenPort(_ container: EnginePlan.Container) -> Ending? {
    let taken = container.ports.first { port in
      port.wanted.map { HostSocket.isTaken($0, on: port.address) } ?? false
    }
    return taken.map { port in
      Ending(
        succeeded: false,
        exitCode: nil,
        reason: "PortInUse",
        message: "Port \(port.wanted ?? port.port) of \(port.address) is taken on this machine."
      )
    }
  }

  /// The machine's ports for a container, in the order of its own; nil where none are free.
  private func hostPorts(_ container: EnginePlan.Container, except passedOver: Set<Int>) async throws -> [Int]? {
    // Containers of this run that are only made hold no port yet, and will.
    var taken = passedOver
    for other in starter.plan.containers where other.name != container.name && !other.ports.isEmpty {
      taken.formUnion(other.ports.compactMap(\.wanted))
      guard let state = try await client.inspect(other.name) else { continue }
      taken.formUnion(PublishedPort.hostPorts(other.ports, in: state.portBindings).compactMap(\.self))
    }
    taken.formUnion(container.ports.compactMap(\.wanted))
    var chosen: [Int] = []
    for port in container.ports {
      if let wanted = port.wanted {
        chosen.append(wanted)
        continue
      }
      let candidates = [port.lowest...65535, PublishedPort.lowestFree...65535].joined()
      guard let free = candidates.first(where: { !taken.contains($0) && !HostSocket.isTaken($0, on: port.address) })
      else { return nil }
      taken.insert(free)
      chosen.append(free)
    }
    return chosen
  }

  private static let noFreePort = Ending(
    succeeded: false,
    exitCode: nil,
    reason: "PortInUse",
    message: "No port from \(PublishedPort.lowestFree) is free on this machine."
  )
}
