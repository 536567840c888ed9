import Glibc
import HTTP
import JSON
import Model
import Platform
import Sources

/// Runs containers on Podman or Docker over the Docker Engine API. Keeps nothing but where the engine is.
package struct EngineExecutor: Executor {
  package let kind = PlatformKind.local
  /// Made when asked for: a set of its own at every start is felt in the first reply.
  package var actions: Set<Action> { [.job, .serve, .deploy, .build] }
  private let locator: EngineLocator
  let auth: RegistryAuth
  let configuration: EngineConfiguration
  let builds = BuildRegistry()
  let sources: RunSources

  package init(configuration: EngineConfiguration, transport: HTTPTransport) {
    self.configuration = configuration
    locator = EngineLocator(configuration: configuration, transport: transport)
    auth = RegistryAuth(environment: configuration.environment)
    sources = RunSources(configuration)
  }

  /// Ends a Podman service that was started for us. Containers live on.
  package func shutdown() async {
    await locator.shutdown()
    await sources.shutdown()
  }

  /// `{engine, version, api_version, socket, found_by, rootless, cgroup_version, …, tried}`.
  package func describe() async throws -> JSONObject {
    try await withClient { client in
      let version = try await client.get("/version").json
      let info = try await client.get("/info").json
      let security = info?["SecurityOptions"]?.arrayValue?.compactMap(\.stringValue) ?? []
      var json: JSONObject = [
        "engine": .string(client.engine.name),
        "version": version?["Version"] ?? .null,
        "api_version": .string(client.engine.apiVersion),
        "socket": .string(client.engine.socket),
        "found_by": .string(client.engine.foundBy),
        "rootless": .bool(security.contains { $0.contains("rootless") }),
        "cgroup_version": info?["CgroupVersion"] ?? .null,
        "operating_system": info?["OperatingSystem"] ?? .null,
        "architecture": info?["Architecture"] ?? .null,
        "cpus": info?["NCPU"] ?? .null,
        "memory_bytes": info?["MemTotal"] ?? .null,
      ]
      json["libpod_version"] = client.engine.libpodVersion.map { .string($0) }
      json["tried"] = .array(await attempts())
      return json
    }
  }

  /// The engine's own `/_ping` (Docker Engine API, System): a millisecond where `describe` may take half a second.
  package func ping() async throws {
    try await withClient { client in
      let reply = try await client.call(EngineCall("GET", "/_ping"), timeout: .seconds(5))
      guard !reply.isSuccess else { return }
      throw SidecarError(
        .engineUnavailable,
        "The engine at \(client.engine.socket) answers, but is not well.",
        hint: "see `dh-sidecar doctor`; start the engine again",
        cause: reply.message
      )
    }
  }

  /// Everything that the last search for an engine tried: `{place, source, outcome}` each.
  package func attempts() async -> [JSONValue] {
    await locator.attempts.map {
      ["place": .string($0.place), "source": .string($0.source), "outcome": .string($0.outcome)]
    }
  }

  package func render(_ execution: Execution) throws -> Rendering {
    var shown = execution
    shown.secretValues = [:]
    let plan = try plan(shown)
    return Rendering(member: "calls", objects: plan.calls.map(\.json), warnings: plan.warnings)
  }

  package func settled(_ function: JSONObject) throws -> JSONObject {
    do throws(SourceError) { return try sources.settled(function) } catch {
      let fault = Fault(pointer: "/code_src", rule: "code_source", message: error.message, hint: error.hint)
      throw SidecarError(.invalidParams, error.message, hint: error.hint, faults: [fault])
    }
  }

  package func ensure(
    _ execution: Execution,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> Observation {
    guard actions.contains(execution.spec.action) else {
      throw SidecarError(.unsupportedAction, "The local platform does not run \(execution.spec.action.rawValue) yet.")
    }
    if execution.spec.action == .build { return try await ensureBuild(execution, progress: progress) }
    let plan = try plan(execution)
    return try await withClient(for: execution) { client in
      let starter = starter(plan, execution, client)
      guard execution.spec.action.staysUp else { return try await starter.ensure(execution, progress: progress) }
      return try await ensureReplicas(execution, starter, progress: progress)
    }
  }

  func plan(_ execution: Execution) throws -> EnginePlan {
    try EnginePlanner.plan(
      execution,
      address: configuration.address,
      allowsHostPaths: configuration.allowsHostPaths
    )
  }

  func starter(_ plan: EnginePlan, _ execution: Execution, _ client: EngineClient) -> ContainerStarter {
    ContainerStarter(
      client: client,
      plan: plan,
      puller: ImagePuller(client: client, auth: auth),
      source: SourcePlacer(execution, sources: sources, client: client),
      resumedAt: execution.resumedAt,
      temporaryDirectory: sources.temporaryDirectory
    )
  }

  package func observe(_ execution: Execution) async throws -> Observation {
    if execution.spec.action == .build { return await builds.observe(execution.runID) }
    return try await withClient(for: execution) { client in
      if execution.spec.action.staysUp { return try await observeReplicas(execution, client) }
      let name = EnginePlanner.containerName(execution)
      return try await Self.observation(name, client, resumedAt: execution.resumedAt)
    }
  }

  package func awaitEnd(_ execution: Execution) async throws -> Observation {
    if execution.spec.action == .build { return try await builds.awaitEnd(execution.runID) }
    let name = EnginePlanner.containerName(execution)
    return try await outlasting {
      try await withClient(for: execution) { client in
        while true {
          let observation = try await Self.observation(name, client)
          guard case .running = observation else { return observation }
          try await Self.waitOnce(name, client)
          // Docker's answer may come a moment before its state says so.
          if case .running = try await Self.observation(name, client) { try await Task.sleep(for: .milliseconds(10)) }
        }
      }
    }
  }

  /// Through short absences of the engine.
  func outlasting<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    var failures = 0
    while true {
      do {
        return try await body()
      } catch let error as SidecarError where error.code == .engineUnavailable && failures < 20 {
        // The engine may be coming back: ten seconds for it, then the caller must know.
        failures += 1
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private static func waitOnce(_ name: String, _ client: EngineClient) async throws {
    let path =
      client.engine.libpodVersion.map {
        // The compatible API's wait is up to 1.5 s late on Podman.
        "/v\($0)/libpod/containers/\(name)/wait?condition=exited&interval=10ms"
      } ?? "/containers/\(name)/wait?condition=not-running"
    _ = try await client.call(EngineCall("POST", path), timeout: nil, longLived: true)
  }

  /// What ended before `resumedAt` is still to be begun.
  static func observation(
    _ name: String,
    _ client: EngineClient,
    resumedAt: Timestamp? = nil
  ) async throws -> Observation {
    guard let state = try await client.inspect(name) else { return .absent }
    if state.isOlder(than: resumedAt) { return .pending(detail: state.status) }
    if state.isRunning { return .running(since: state.startedAt) }
    // Docker leaves a container that can't be started in `created`, with the error kept.
    if state.hasEnded || (state.status == "created" && !state.error.isEmpty) {
      let outOfMemory = state.exitCode == 137 && !state.oomKilled && KernelLog.recordsOutOfMemory(containerID: state.id)
      return .ended(EndingClassifier.ending(of: state, outOfMemory: outOfMemory))
    }
    return .pending(detail: state.status)
  }

  package func stop(_ execution: Execution, graceSeconds: Int) async throws {
    if execution.spec.action == .build { return await builds.cancel(execution.runID) }
    let names = EnginePlanner.containerNames(execution)
    let staysUp = execution.spec.action.staysUp
    try await withClient(for: execution) { client in
      if staysUp { return try await Self.stopAll(names, graceSeconds: graceSeconds, client) }
      for name in names { try await Self.stop(name, graceSeconds: graceSeconds, client) }
    }
  }

  static func stop(_ name: String, graceSeconds: Int, _ client: EngineClient) async throws {
    guard try await client.inspect(name) != nil else { return }
    let call = EngineCall("POST", "/containers/\(name)/stop?t=\(graceSeconds)")
    let reply = try await client.call(call, timeout: .seconds(graceSeconds + 60), longLived: true)
    if reply.isSuccess || [304, 404].contains(reply.status) { return }
    // Podman refuses to stop what was only created: what counts is that nothing runs.
    guard let state = try await client.inspect(name), state.isRunning else { return }
    throw reply.refusal("The container \(name) can't be stopped.")
  }

  package func remove(_ execution: Execution) async throws {
    if execution.spec.action == .build { return try await removeBuild(execution) }
    let volumes = StoragePlan(execution).ownVolumes
    let network = execution.spec.action == .serve ? EnginePlanner.networkName(execution) : nil
    try await withClient(for: execution) { client in
      for name in EnginePlanner.containerNames(execution) { try await Self.remove(name, client) }
      for volume in volumes where try await client.isOwn(volume: volume) {
        try await client.remove(volume: volume, force: true)
      }
      if let network { try await client.removeUnused(network: network) }
    }
  }

  private static func remove(_ name: String, _ client: EngineClient) async throws {
    guard try await client.inspect(name) != nil else { return }
    let reply = try await client.call(
      EngineCall("DELETE", "/containers/\(name)?force=true&v=true"),
      timeout: .seconds(90),
      longLived: true
    )
    if !reply.isSuccess, reply.status != 404, try await client.inspect(name) != nil {
      throw reply.refusal("The container \(name) can't be removed.")
    }
  }

  package func logs(_ execution: Execution, query: LogQuery) async throws -> LogPage {
    if execution.spec.action == .build { return try await BuildLogReader(log: buildLog(execution)).page(query) }
    let names = EnginePlanner.containerNames(execution)
    return try await withClient(for: execution) { client in
      let readers = names.map { LogReader(client: client, container: $0) }
      if let only = readers.first, !execution.spec.action.staysUp { return try await only.page(query) }
      return try await MergedLogReader(readers: readers).page(query)
    }
  }

  /// Runs with the engine, of which it sees what is the run's catalog's; where it doesn't answer, forgets it and throws
  /// `engine_unavailable`.
  func withClient<Result: Sendable>(
    for execution: Execution? = nil,
    _ body: (EngineClient) async throws -> Result
  ) async throws -> Result {
    var client = try await locator.client()
    client.catalog = execution?.catalog ?? ""
    do { return try await body(client) } catch let error as HTTPError {
      await locator.forget(client.engine)
      throw SidecarError(
        .engineUnavailable,
        "The engine at \(client.engine.socket) stopped answering.",
        hint: "start it again; runs that were going on are found again",
        cause: error.message
      )
    }
  }
}
