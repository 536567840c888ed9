import HTTP
import JSON
import Model
import Platform

/// Runs containers on a cluster, through its API server alone.
package struct KubernetesExecutor: Executor {
  package let kind = PlatformKind.kubernetes
  package var actions: Set<Action> { [.job] }
  /// A run may have to wait for its place on a node, and for its image.
  package var queues: Bool { true }
  /// How long `ensure` waits before it says what for; it is asked again then.
  private static let notice = Duration.seconds(5)

  let configuration: KubernetesConfiguration
  let connection: ClusterConnection
  let watch: ClusterWatch

  package init(configuration: KubernetesConfiguration, locator: AccessLocator, environment: [String: String]) {
    self.configuration = configuration
    connection = ClusterConnection(locator: locator, environment: environment)
    watch = ClusterWatch(connection: connection)
  }

  package func shutdown() async {
    await watch.shutdown()
    await connection.shutdown()
  }

  /// `{engine, version, server, context, namespace, found_by}`.
  package func describe() async throws -> JSONObject {
    try await withClient { client in
      let reply = try await client.call("GET", "/version")
      guard reply.isSuccess else { throw reply.refusal("tell its version") }
      var json: JSONObject = [
        "engine": "kubernetes", "version": reply.json?["gitVersion"] ?? .null, "server": .string(client.access.server),
        "namespace": .string(client.namespace), "found_by": .string(client.access.foundBy),
      ]
      json["context"] = client.access.context.map { .string($0) }
      return json
    }
  }

  package func ping() async throws {
    try await withClient { client in
      let reply = try await client.call("GET", "/version")
      guard reply.isSuccess else { throw reply.refusal("tell its version") }
    }
  }

  package func render(_ execution: Execution) throws -> Rendering {
    var shown = execution
    shown.secretValues = [:]
    let plan = try plan(shown)
    return Rendering(member: "manifests", objects: plan.objects, warnings: plan.warnings)
  }

  func plan(_ execution: Execution) throws -> ManifestPlan {
    var configuration = configuration
    configuration.namespace = connection.namespace
    return try ManifestPlanner.plan(execution, configuration)
  }

  package func ensure(
    _ execution: Execution,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> Observation {
    let id = execution.runID
    var (run, revision) = try await watch.look(id)
    if run.workload != nil, !run.isCurrent(execution) { (run, revision) = try await withoutFormerAttempt(execution) }
    if run.workload == nil {
      try await apply(try plan(execution))
      (run, revision) = try await watch.look(id)
    }
    let deadline = ContinuousClock.now + Self.notice
    var told: String?
    while true {
      switch observation(run, execution) {
      case .running(let since): return .running(since: since)
      case .ended(let ending):
        // Its pod would begin after all, should the image come.
        if ending.reason == "ImagePull" { try await remove(execution) }
        return .ended(ending)
      case .pending(let detail):
        if let detail, detail != told {
          told = detail
          progress(Progress(message: detail))
        }
        if ContinuousClock.now >= deadline { return .pending(detail: detail) }
      case .absent:
        if ContinuousClock.now >= deadline { return .pending(detail: nil) }
      }
      await watch.change(id, after: revision, atMost: .seconds(1))
      try Task.checkCancellation()
      (run, revision) = try await watch.look(id)
    }
  }

  /// Returns once the Job of the attempt before is gone.
  private func withoutFormerAttempt(_ execution: Execution) async throws -> (run: ClusterRun, revision: Int) {
    try await withClient { client in
      let reply = try await client.delete(.job, ObjectName.run(execution.runID))
      guard reply.isSuccess || reply.status == 404 else { throw reply.refusal("remove the attempt before") }
    }
    while true {
      let (run, revision) = try await watch.look(execution.runID)
      if run.workload == nil { return (run, revision) }
      await watch.change(execution.runID, after: revision, atMost: .seconds(1))
      try Task.checkCancellation()
    }
  }

  package func observe(_ execution: Execution) async throws -> Observation {
    observation(try await watch.look(execution.runID).run, execution)
  }

  package func awaitEnd(_ execution: Execution) async throws -> Observation {
    while true {
      let (run, revision) = try await watch.look(execution.runID)
      let observation = observation(run, execution)
      guard case .running = observation else { return observation }
      await watch.change(execution.runID, after: revision, atMost: .seconds(30))
      try Task.checkCancellation()
    }
  }

  private func observation(_ run: ClusterRun, _ execution: Execution) -> Observation {
    run.job(patience: configuration.imagePatienceSeconds, now: .now())
  }

  /// Ends the program and keeps the Job, which makes no pod any more once it may have none at a time: it would put another
  /// one in the place of one that is deleted.
  package func stop(_ execution: Execution, graceSeconds: Int) async throws {
    let name = ObjectName.run(execution.runID)
    try await withClient { client in
      let reply = try await client.merge(.job, name, ["spec": ["parallelism": 0]])
      guard reply.isSuccess || reply.status == 404 else { throw reply.refusal("stop the Job \(name)") }
      // As they are now, which the watch may not have told yet.
      let pods = try await client.list(.pod, selector: "\(RunLabels.run)=\(execution.runID)")
      guard pods.isSuccess else { throw pods.refusal("list the pods of the Job \(name)") }
      for pod in (pods.json?["items"]?.arrayValue ?? []).compactMap(\.objectValue).map(PodView.init)
      where pod.ending == nil {
        let reply = try await client.delete(.pod, pod.name, graceSeconds: graceSeconds)
        guard reply.isSuccess || reply.status == 404 else { throw reply.refusal("stop the pod \(pod.name)") }
      }
    }
  }

  package func remove(_ execution: Execution) async throws {
    let plan = try plan(execution)
    try await withClient { client in
      for object in plan.objects.reversed() {
        guard let kind = object["kind"]?.stringValue.flatMap(Resource.init(rawValue:)),
          let name = object["metadata"]?["name"]?.stringValue,
          object["metadata"]?["labels"]?[RunLabels.run] != nil
        else { continue }
        let reply = try await client.delete(kind, name)
        guard reply.isSuccess || reply.status == 404 else { throw reply.refusal("remove the \(kind.rawValue) \(name)") }
      }
    }
    await watch.forget(execution.runID)
  }

  /// Its claims.
  package func removeProject(_ project: String, catalog: String) async throws {
    let selector = [RunLabels.project: project, RunLabels.catalog: catalog]
      .map { "\($0.key)=\(ObjectName.labelValue($0.value))" }.joined(separator: ",")
    try await withClient { client in
      let reply = try await client.list(.persistentVolumeClaim, selector: selector)
      guard reply.isSuccess else { throw reply.refusal("list the claims of the project \(project)") }
      for claim in reply.json?["items"]?.arrayValue ?? [] {
        guard let name = claim["metadata"]?["name"]?.stringValue else { continue }
        let reply = try await client.delete(.persistentVolumeClaim, name)
        guard reply.isSuccess || reply.status == 404 else { throw reply.refusal("remove the claim \(name)") }
      }
    }
  }

  package func logs(_ execution: Execution, query: LogQuery) async throws -> LogPage {
    let run = try await watch.look(execution.runID).run
    return try await withClient { client in
      try await PodLogReader(client: client, run: run).page(query)
    }
  }

  /// What the run needs first, then its workload, which then owns the rest, so that one delete takes all of it.
  private func apply(_ plan: ManifestPlan) async throws {
    try await withClient { client in
      for object in plan.preparations { _ = try await made(object, client) }
      let workload = try await made(plan.workload, client)
      if let owner = Self.owner(workload) {
        for object in plan.preparations where object["metadata"]?["labels"]?[RunLabels.run] != nil {
          var object = object
          var metadata = object["metadata"]?.objectValue ?? [:]
          metadata["ownerReferences"] = [owner]
          object["metadata"] = .object(metadata)
          _ = try await made(object, client)
        }
      }
      for object in plan.services { _ = try await made(object, client) }
      if let kind = workload["kind"]?.stringValue.flatMap(Resource.init(rawValue:)) { await watch.put(kind, workload) }
    }
  }

  private func made(_ object: JSONObject, _ client: KubernetesClient) async throws -> JSONObject {
    let reply = try await client.apply(object)
    let what = "\(object["kind"]?.stringValue ?? "object") \(object["metadata"]?["name"]?.stringValue ?? "")"
    guard reply.isSuccess, let made = reply.json?.objectValue else { throw reply.refusal("make the \(what)") }
    return made
  }

  private static func owner(_ workload: JSONObject) -> JSONValue? {
    guard let uid = workload["metadata"]?["uid"], let name = workload["metadata"]?["name"] else { return nil }
    return [
      "apiVersion": workload["apiVersion"] ?? .null, "kind": workload["kind"] ?? .null, "name": name, "uid": uid,
      "blockOwnerDeletion": false, "controller": false,
    ]
  }

  /// Where the credentials are refused, once more with those that there are now.
  func withClient<Result: Sendable>(_ body: (KubernetesClient) async throws -> Result) async throws -> Result {
    let client = try await connection.client()
    do {
      return try await body(client)
    } catch let error as SidecarError where error.code == .credentialsRejected {
      return try await body(try await connection.renewed(after: client))
    } catch let error as HTTPError {
      throw SidecarError(
        .clusterUnavailable,
        "The cluster at \(client.access.server) does not answer.",
        hint: "runs that are going on are found again; `dh-sidecar doctor` tells more",
        cause: error.message
      )
    }
  }
}
