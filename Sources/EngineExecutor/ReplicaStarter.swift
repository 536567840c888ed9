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
    var passedOver: Set<Int> = []
    for attempt in 1...Self.portAttempts {
      let ports = try await hostPorts(container, except: passedOver)
      guard let ports else { return .ended(Self.noFreePort) }
      let observation = try await starter.make(container, container.create(hostPorts: ports))
      guard case .ended(let ending) = observation, ending.reason == "PortInUse", attempt < Self.portAttempts,
        container.ports.contains(where: { $0.wanted == nil })
      else { return observation }
      // One that was asked for is not exchanged for another.
      for (port, chosen) in zip(container.ports, ports) where port.wanted != nil {
        if HostSocket.isTaken(chosen, on: port.address) { return observation }
      }
      _ = try await client.call(EngineCall("DELETE", "/containers/\(container.name)?force=true&v=true"))
      passedOver.formUnion(ports)
    }
    return .ended(Self.noFreePort)
  }

  /// One that was made before. Where a port of its own choice is taken meanwhile, it is made anew with another.
  private func start(_ container: EnginePlan.Container, _ state: ContainerState) async throws -> Observation {
    let observation = try await starter.start(container)
    guard case .ended(let ending) = observation, ending.reason == "PortInUse",
      container.ports.contains(where: { $0.wanted == nil })
    else { return observation }
    _ = try await client.call(EngineCall("DELETE", "/containers/\(container.name)?force=true&v=true"))
    return try await make(container)
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
