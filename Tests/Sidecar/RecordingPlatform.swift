import JSON
import JSONRPC
import Model
import Platform
import Sidecar
import Synchronization

/// Answers everything and keeps what it was asked.
final class RecordingPlatform: Platform {
  enum Asked: Sendable {
    case project(ProjectDraft)
    case query(EntityQuery)
    case function(FunctionDraft)
    case reference(FunctionReference)
    case patch(FunctionReference, JSONObject)
    case task(project: String, id: String)
    case tasks(EntityQuery, FunctionReference?, Action?)
    case run(RunDraft)
    case runs(RunQuery)
    case runReference(RunReference)
    case wait(RunReference, WaitGoal?, Double?)
    case stop(RunReference, Int?)
    case logs(RunReference, LogQuery, Double)
    case events(RunReference, RunEventQuery)
    case secret(project: String, name: String, value: String?)
    case deletion(project: String, cascade: Bool)
    case functionDeletion(FunctionReference, allVersions: Bool, cascade: Bool)
  }

  let kind = PlatformKind.local
  private let asked = Mutex<[Asked]>([])
  private let failure: (any Error)?
  private let told: JSONObject

  /// With a failure every call throws it. `capabilities` is what it tells of itself.
  init(failure: (any Error)? = nil, capabilities: JSONObject = ["platform": "local"]) {
    self.failure = failure
    told = capabilities
  }

  var all: [Asked] { asked.withLock { $0 } }
  var last: Asked? { all.last }

  private func keep(_ one: Asked) throws {
    asked.withLock { $0.append(one) }
    if let failure { throw failure }
  }

  static let id = "0f8fad5bd9cb469fa16570867728950e"

  private func entity(_ type: EntityType, kind: String, project: String, name: String, spec: JSONObject = [:]) -> Entity
  {
    let moment = Timestamp(nanoseconds: 0)
    return Entity(
      type: type,
      kind: kind,
      id: type == .project ? name : Self.id,
      name: name,
      project: project,
      metadata: Metadata(created: moment, updated: moment),
      spec: spec,
      status: ["state": "READY"]
    )
  }

  private func project(_ name: String) -> Entity { entity(.project, kind: "project", project: name, name: name) }
  private func function(_ project: String) -> Entity {
    entity(.function, kind: "container", project: project, name: "f")
  }
  private func run(_ project: String) -> Entity {
    entity(.run, kind: Action.job.runKind, project: project, name: Self.id)
  }
  private func secret(_ project: String, _ name: String) -> Entity {
    entity(.secret, kind: "secret", project: project, name: name)
  }
  private let nothing = EntityPage(items: [], total: 0)

  func capabilities() async -> JSONObject { told }

  func getOrCreateProject(_ draft: ProjectDraft) async throws -> Entity {
    try keep(.project(draft))
    return project(draft.name)
  }
  func getProject(_ name: String) async throws -> Entity {
    try keep(.query(EntityQuery(project: name)))
    return project(name)
  }
  func listProjects(_ query: EntityQuery) async throws -> EntityPage {
    try keep(.query(query))
    return nothing
  }
  func deleteProject(_ name: String, cascade: Bool) async throws -> Entity {
    try keep(.deletion(project: name, cascade: cascade))
    return project(name)
  }
  func createFunction(_ draft: FunctionDraft) async throws -> Entity {
    try keep(.function(draft))
    return function(draft.project)
  }
  func getFunction(_ reference: FunctionReference) async throws -> Entity {
    try keep(.reference(reference))
    return function(reference.project)
  }
  func listFunctions(_ query: EntityQuery, allVersions: Bool) async throws -> EntityPage {
    try keep(.query(query))
    return nothing
  }
  func updateFunction(_ reference: FunctionReference, patch: JSONObject) async throws -> Entity {
    try keep(.patch(reference, patch))
    return function(reference.project)
  }
  func deleteFunction(_ reference: FunctionReference, allVersions: Bool, cascade: Bool) async throws -> [Entity] {
    try keep(.functionDeletion(reference, allVersions: allVersions, cascade: cascade))
    return [function(reference.project)]
  }
  func getTask(project: String, id: String) async throws -> Entity {
    try keep(.task(project: project, id: id))
    return entity(.task, kind: "container+job", project: project, name: id)
  }
  func listTasks(_ query: EntityQuery, function: FunctionReference?, action: Action?) async throws -> EntityPage {
    try keep(.tasks(query, function, action))
    return nothing
  }
  func check(_ draft: RunDraft, of function: FunctionDraft?) async throws {}
  func run(_ draft: RunDraft) async throws -> Entity {
    try keep(.run(draft))
    return run(draft.project)
  }
  func render(_ draft: RunDraft) async throws -> RenderedRun {
    try keep(.run(draft))
    let rendering = Rendering(member: "calls", objects: [["method": "POST"]], warnings: draft.warnings)
    return RenderedRun(id: Self.id, rendering: rendering)
  }
  func getRun(_ reference: RunReference) async throws -> Entity {
    try keep(.runReference(reference))
    return run(reference.project)
  }
  func listRuns(_ query: RunQuery) async throws -> EntityPage {
    try keep(.runs(query))
    return EntityPage(items: [run(query.project)], total: 3, nextCursor: "next")
  }
  func waitRun(
    _ reference: RunReference,
    until: WaitGoal?,
    timeoutSeconds: Double?,
    progress: @escaping @Sendable (Progress) async -> Void
  ) async throws -> WaitResult {
    try keep(.wait(reference, until, timeoutSeconds))
    await progress(Progress(message: "Pulling i", done: 1, total: 2, unit: "layers"))
    return WaitResult(run: run(reference.project), timedOut: timeoutSeconds == 0)
  }
  func stopRun(_ reference: RunReference, graceSeconds: Int?, decided: @Sendable () -> Void) async throws -> Entity {
    try keep(.stop(reference, graceSeconds))
    decided()
    return run(reference.project)
  }
  func resumeRun(_ reference: RunReference) async throws -> Entity {
    try keep(.runReference(reference))
    return run(reference.project)
  }
  func getMetrics(_ reference: RunReference, name: String?) async throws -> JSONValue {
    try keep(.runReference(reference))
    return ["k8s": []]
  }
  func listProfiles() async throws -> [JSONObject] { [["name": "p"]] }
  func deleteRun(_ reference: RunReference, decided: @Sendable () -> Void) async throws -> Entity {
    try keep(.runReference(reference))
    decided()
    return run(reference.project)
  }
  func getRunLogs(_ reference: RunReference, query: LogQuery, timeoutSeconds: Double) async throws -> LogPage {
    try keep(.logs(reference, query, timeoutSeconds))
    let moment = Timestamp(nanoseconds: 1)
    return LogPage(
      entries: [LogEntry(timestamp: moment, stream: .stderr, container: "c", text: "t")],
      cursor: "cursor"
    )
  }
  func events(of reference: RunReference, query: RunEventQuery) async throws -> RunEventStream {
    try keep(.events(reference, query))
    let look = RunLook(run(reference.project))
    return RunEventStream(after: RunCursor(run: Self.id), first: look, looks: { _ in }, now: { look }, logs: nil)
  }
  func setSecret(project: String, name: String, value: String) async throws -> Entity {
    try keep(.secret(project: project, name: name, value: value))
    return secret(project, name)
  }
  func listSecrets(_ query: EntityQuery) async throws -> EntityPage {
    try keep(.query(query))
    return nothing
  }
  func deleteSecret(project: String, name: String) async throws -> Entity {
    try keep(.secret(project: project, name: name, value: nil))
    return secret(project, name)
  }
}

extension RecordingPlatform {
  func registry(project: String? = "standard") -> MethodRegistry {
    MethodRegistry(defaultProject: project, platform: self)
  }

  /// One call, as it comes from the wire: inline or not.
  func call(_ method: String, _ params: JSONObject, context: RequestContext = .none) async throws -> JSONValue {
    try await registry().handle(method, params: params, context: context)
  }
}

extension JSONValue {
  /// An element of an array.
  subscript(index: Int) -> JSONValue? {
    guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}
