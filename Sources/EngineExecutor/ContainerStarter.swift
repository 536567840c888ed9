import Glibc
import JSON
import Model
import Platform
import Sources

/// Carries out a job's plan, and the steps of every other one. Whatever is already there is adopted.
struct ContainerStarter {
  let client: EngineClient
  let plan: EnginePlan
  let puller: ImagePuller
  /// Nil where the function has no source.
  var source: SourcePlacer?
  /// When the run was resumed; what ended before is started again.
  var resumedAt: Timestamp?
  /// Holds archives while they are sent.
  let temporaryDirectory: String

  func ensure(_ execution: Execution, progress: @Sendable (Progress) -> Void) async throws -> Observation {
    guard let container = plan.containers.first else { return .absent }
    switch try await observation(container.name) {
    case .absent: break
    case .pending: return try await start(container)
    case let observation: return observation
    }
    if let failure = try await provide(execution, progress: progress) { return .ended(failure) }
    progress(Progress(message: "Creating \(container.name)"))
    return try await make(container, container.create)
  }

  /// What the containers need before they can be made: the image, volumes, networks. What is in the way, otherwise.
  func provide(_ execution: Execution, progress: @Sendable (Progress) -> Void) async throws -> Ending? {
    if let refusal = refusal(execution) { return refusal }
    if let failure = try await source?.provide(progress: progress) { return failure }
    if let failure = try await puller.provide(plan, progress: progress) { return failure }
    try Task.checkCancellation()
    return try await prepare()
  }

  private func prepare() async throws -> Ending? {
    for call in plan.preparations {
      let isNetwork = call.path.hasPrefix("/networks")
      // Docker makes a second one of the name where two ask at once.
      let reply =
        isNetwork
        ? try await PortLock.hold(PortLock.networks) { try await client.call(call) } : try await prepared(call)
      // Made by another run meanwhile: just as good.
      guard reply.isSuccess || reply.status == 409 || reply.message.contains("already ") else {
        let what = isNetwork ? "network" : "volume"
        return failure("CreateError", "A \(what) can't be made: \(reply.message)")
      }
    }
    return nil
  }

  /// Podman has the size of a volume among its mount options. Where an engine knows no quotas, it goes without.
  private func prepared(_ call: EngineCall) async throws -> EngineReply {
    guard let size = call.body?["DriverOpts"]?["size"]?.stringValue else { return try await client.call(call) }
    var call = call
    if client.engine.isPodman { call.body?["DriverOpts"] = ["o": .string("size=" + size)] }
    let reply = try await client.call(call)
    guard !reply.isSuccess, reply.message.lowercased().contains("quota") else { return reply }
    call.body?["DriverOpts"] = nil
    return try await client.call(call)
  }

  /// Makes a container that is not there, and starts it. What it finds there instead is adopted.
  func make(_ container: EnginePlan.Container, _ create: EngineCall) async throws -> Observation {
    var create = create
    if plan.needsImageUser { create = try await withImageUser(create) }
    var reply = try await uncancelled(create)
    if Self.missesNetwork(reply) {
      // Removed with the last run that used it, or as unused, just now.
      if let failure = try await prepare() { return .ended(failure) }
      reply = try await uncancelled(create)
    }
    if !reply.isSuccess {
      // A name conflict is 409 on Docker and 500 on Podman: what counts is whether the container is there.
      switch try await afterRefusal(reply, container.name) {
      case .absent: return .ended(try await creationFailure(reply, container.name))
      case .pending: break
      case let observation: return observation
      }
    }
    try Task.checkCancellation()
    return try await start(container)
  }

  private func creationFailure(_ reply: EngineReply, _ name: String) async throws -> Ending {
    var everyone = client
    everyone.catalog = ""
    guard try await everyone.inspect(name) != nil else {
      return failure("CreateError", "The container can't be created: \(reply.message)")
    }
    return failure(
      "NameConflict",
      "A container \(name) is there that belongs to another catalog, with a run of the same id: give another "
        + "idempotency_key or uuid."
    )
  }

  /// Docker: `network x not found`; Podman: `unable to find network with name or ID x: network not found`, as 500.
  private static func missesNetwork(_ reply: EngineReply) -> Bool {
    !reply.isSuccess && reply.message.contains("network") && reply.message.contains("not found")
  }

  /// To its end even where the run is called off meanwhile: the engine would go on all the same, unseen.
  private func uncancelled(_ call: EngineCall) async throws -> EngineReply {
    try await Task { [client] in try await client.call(call) }.value
  }

  /// Docker reserves a name before the container can be seen, so after a conflict it is looked for a while.
  private func afterRefusal(_ reply: EngineReply, _ name: String) async throws -> Observation {
    let isConflict = reply.status == 409 || reply.message.contains("already in use")
    for _ in 0..<(isConflict ? 100 : 0) {
      let observation = try await observation(name)
      guard observation == .absent else { return observation }
      try await Task.sleep(for: .milliseconds(20))
    }
    return try await observation(name)
  }

  private func observation(_ name: String) async throws -> Observation {
    try await EngineExecutor.observation(name, client, resumedAt: resumedAt)
  }

  func start(_ container: EnginePlan.Container) async throws -> Observation {
    if let failure = try await setAccess(container) { return .ended(failure) }
    if let failure = try await source?.place(in: container.name) { return .ended(failure) }
    var reply = try await uncancelled(container.start)
    if Self.missesNetwork(reply) {
      // Removed as unused between its making and the container's, which Docker makes without it.
      if let failure = try await prepare() { return .ended(failure) }
      reply = try await uncancelled(container.start)
    }
    if !reply.isSuccess, reply.status != 304 {
      let state = try await client.inspect(container.name)
      guard let state else { return .absent }
      // Somebody else may have started it meanwhile.
      if state.isRunning || (state.status == "exited" && !state.isOlder(than: resumedAt)) {
        return try await observation(container.name)
      }
      return .ended(EndingClassifier.startFailure(reply.message, command: state.command, exitCode: state.exitCode))
    }
    return try await observation(container.name)
  }

  private func setAccess(_ container: EnginePlan.Container) async throws -> Ending? {
    guard !container.access.isEmpty, let state = try await client.inspect(container.name), state.isNew else {
      return nil
    }
    for folder in container.access {
      let reply: EngineReply
      do {
        let tar = try await TarArchive.folder(
          folder.name,
          access: folder.access,
          temporaryDirectory: temporaryDirectory
        )
        reply = try await client.upload(tar.file, folder.put(container.name))
      } catch let error as SourceError {
        return failure("CreateError", "A volume can't be prepared: \(error.message)")
      }
      if !reply.isSuccess { return failure("CreateError", "A volume can't be prepared: \(reply.message)") }
    }
    return nil
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
