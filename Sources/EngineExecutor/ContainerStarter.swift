import Glibc
import JSON
import Model
import Platform

/// Carries out a job's plan. Whatever is already there is adopted.
struct ContainerStarter {
  let client: EngineClient
  let plan: EnginePlan
  let puller: ImagePuller
  /// Nil where the function has no source.
  var source: SourcePlacer?

  func ensure(_ execution: Execution, progress: @Sendable (Progress) -> Void) async throws -> Observation {
    guard let container = plan.containers.first else { return .absent }
    switch try await EngineExecutor.observation(container.name, client) {
    case .absent: break
    case .pending: return try await start(container)
    case let observation: return observation
    }
    if let refusal = refusal(execution) { return .ended(refusal) }
    if let failure = try await source?.provide(progress: progress) { return .ended(failure) }
    if let failure = try await puller.provide(plan, progress: progress) { return .ended(failure) }
    try Task.checkCancellation()
    for call in plan.preparations {
      let reply = try await client.call(call)
      // Made by another run meanwhile: just as good.
      guard reply.isSuccess || reply.status == 409 || reply.message.contains("already exists") else {
        return .ended(failure("CreateError", "A volume can't be made: \(reply.message)"))
      }
    }
    var create = container.create
    if plan.needsImageUser { create = try await withImageUser(create) }
    progress(Progress(message: "Creating \(container.name)"))
    let reply = try await uncancelled(create)
    if !reply.isSuccess {
      // A name conflict is 409 on Docker and 500 on Podman: what counts is whether the container is there.
      switch try await afterRefusal(reply, container.name) {
      case .absent: return .ended(failure("CreateError", "The container can't be created: \(reply.message)"))
      case .pending: break
      case let observation: return observation
      }
    }
    try Task.checkCancellation()
    return try await start(container)
  }

  /// To its end even where the run is called off meanwhile: the engine would go on all the same, unseen.
  private func uncancelled(_ call: EngineCall) async throws -> EngineReply {
    try await Task { [client] in try await client.call(call) }.value
  }

  /// Docker reserves a name before the container can be seen, so after a conflict it is looked for a while.
  private func afterRefusal(_ reply: EngineReply, _ name: String) async throws -> Observation {
    let isConflict = reply.status == 409 || reply.message.contains("already in use")
    for _ in 0..<(isConflict ? 100 : 0) {
      let observation = try await EngineExecutor.observation(name, client)
      guard observation == .absent else { return observation }
      try await Task.sleep(for: .milliseconds(20))
    }
    return try await EngineExecutor.observation(name, client)
  }

  private func start(_ container: EnginePlan.Container) async throws -> Observation {
    if let failure = try await source?.place(in: container.name) { return .ended(failure) }
    let reply = try await uncancelled(container.start)
    if !reply.isSuccess, reply.status != 304 {
      let state = try await client.inspect(container.name)
      guard let state else { return .absent }
      // Somebody else may have started it meanwhile.
      if state.isRunning || state.status == "exited" {
        return try await EngineExecutor.observation(container.name, client)
      }
      return .ended(EndingClassifier.startFailure(reply.message, command: state.command, exitCode: state.exitCode))
    }
    return try await EngineExecutor.observation(container.name, client)
  }

  private func refusal(_ execution: Execution) -> Ending? {
    let missing = execution.spec.secrets.filter { execution.secretValues[$0] == nil }
    if !missing.isEmpty {
      return failure("SecretNotFound", "Secrets that the run names are not set: \(missing.joined(separator: ", ")).")
    }
    if plan.gpus > 0, access("/dev/nvidiactl", F_OK) != 0, access("/dev/nvidia0", F_OK) != 0 {
      return failure(
        "InsufficientGPU",
        "The run asks for \(plan.gpus) GPU(s) (resources.gpu), and this machine has none: no /dev/nvidia* is there."
      )
    }
    return nil
  }

  /// Keeps the user that the image names where only a group was asked for.
  private func withImageUser(_ create: EngineCall) async throws -> EngineCall {
    let reply = try await client.get("/images/\(EngineCall.encoded(plan.image))/json")
    let named = reply.json?["Config"]?["User"]?.stringValue ?? ""
    let user = named.split(separator: ":").first.map(String.init) ?? "0"
    var create = create
    let asked = create.body?["User"]?.stringValue ?? ""
    create.body?["User"] = .string(asked.replacing(EnginePlanner.imageUserPlaceholder, with: user))
    return create
  }

  private func failure(_ reason: String, _ message: String) -> Ending {
    Ending(succeeded: false, exitCode: nil, reason: reason, message: message)
  }
}
