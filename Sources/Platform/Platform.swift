package import JSON
package import Model

/// What the methods ask of a platform, whichever it is. Params have been checked and normalised before; what is left
/// to a platform is what only it can know. Errors are `SidecarError`s.
package protocol Platform: Sendable {
  var kind: PlatformKind { get }

  /// What this platform can do and which server or engine answers, for `getCapabilities`.
  func capabilities() async -> JSONObject

  func getOrCreateProject(_ draft: ProjectDraft) async throws -> Entity
  func getProject(_ name: String) async throws -> Entity
  func listProjects(_ query: EntityQuery) async throws -> EntityPage
  /// With `cascade`, everything in it too, runs first. The project as it was.
  func deleteProject(_ name: String, cascade: Bool) async throws -> Entity

  /// A new version, whether or not the name is there already.
  func createFunction(_ draft: FunctionDraft) async throws -> Entity
  func getFunction(_ reference: FunctionReference) async throws -> Entity
  func listFunctions(_ query: EntityQuery, allVersions: Bool) async throws -> EntityPage
  /// In place, by merge patch (RFC 7396) on `{metadata, spec}`.
  func updateFunction(_ reference: FunctionReference, patch: JSONObject) async throws -> Entity
  /// The versions that are gone.
  func deleteFunction(_ reference: FunctionReference, allVersions: Bool, cascade: Bool) async throws -> [Entity]

  func getTask(project: String, id: String) async throws -> Entity
  func listTasks(_ query: EntityQuery, function: FunctionReference?, action: Action?) async throws -> EntityPage

  /// Records the run and sets it going; answers at once.
  func run(_ draft: RunDraft) async throws -> Entity
  /// Throws what `run` would refuse; nothing is made. `function`: where it is not made yet; nil where the draft's
  /// reference finds it.
  func check(_ draft: RunDraft, of function: FunctionDraft?) async throws
  /// Whether a version still says what the draft that it was made of says. What a build writes into its function is no
  /// difference.
  func says(_ function: Entity, _ draft: FunctionDraft) -> Bool
  /// The id of the version that a build of this run's id has made, where builds make one; nil otherwise.
  func version(madeByRun id: String, project: String) -> String?
  /// What `run` would send, exactly; nothing is created and nothing contacted.
  func render(_ draft: RunDraft) async throws -> RenderedRun
  func getRun(_ reference: RunReference) async throws -> Entity
  func listRuns(_ query: RunQuery) async throws -> EntityPage
  /// The run once it is as far as `until` says, or as it is at the timeout. Without a goal a job and a build are waited
  /// for to their end, a serve and a deploy until they run.
  func waitRun(
    _ reference: RunReference,
    until: WaitGoal?,
    timeoutSeconds: Double?,
    progress: @escaping @Sendable (Progress) async -> Void
  ) async throws -> WaitResult
  /// `decided` is called once the stop is recorded, before the program has ended.
  func stopRun(
    _ reference: RunReference,
    graceSeconds: Int?,
    decided: @Sendable () -> Void
  ) async throws -> Entity
  /// Brings a stopped run back: a serve or a deploy to its replicas, a job as a new attempt.
  func resumeRun(_ reference: RunReference) async throws -> Entity
  /// `decided` is called once the deletion is recorded, before everything is gone.
  func deleteRun(_ reference: RunReference, decided: @Sendable () -> Void) async throws -> Entity
  func getRunLogs(_ reference: RunReference, query: LogQuery, timeoutSeconds: Double) async throws -> LogPage
  /// A run's transitions and log in one order, from a place on, and whatever follows until the run is over. To be closed.
  func events(of reference: RunReference, query: RunEventQuery) async throws -> RunEventStream

  /// What a run measured, as the platform has it; `name` picks one.
  func getMetrics(_ reference: RunReference, name: String?) async throws -> JSONValue
  /// The templates that a run's `profile` may name, `{name, …}` each.
  func listProfiles() async throws -> [JSONObject]

  func setSecret(project: String, name: String, value: String) async throws -> Entity
  func listSecrets(_ query: EntityQuery) async throws -> EntityPage
  func deleteSecret(project: String, name: String) async throws -> Entity
}

extension Platform {
  package func says(_ function: Entity, _ draft: FunctionDraft) -> Bool {
    FunctionParameters.spec.map(\.name).allSatisfy { name in
      name == "image" || function.spec[name] == draft.spec[name]
        || name == "base_image" && draft.spec[name] == nil
    }
  }
  package func version(madeByRun id: String, project: String) -> String? { nil }
  package func resumeRun(_ reference: RunReference) async throws -> Entity { throw unsupported("resumeRun") }
  package func getMetrics(_ reference: RunReference, name: String?) async throws -> JSONValue {
    throw unsupported("getMetrics")
  }
  package func listProfiles() async throws -> [JSONObject] { throw unsupported("listProfiles") }
  package func events(of reference: RunReference, query: RunEventQuery) async throws -> RunEventStream {
    throw unsupported("subscribeRun")
  }

  private func unsupported(_ method: String) -> SidecarError {
    SidecarError(
      .unsupportedMethod,
      "The \(kind.rawValue) platform has no `\(method)` in this version.",
      hint: "getCapabilities tells what it has."
    )
  }
}

/// One page of a listing.
package struct EntityPage: Sendable {
  package var items: [Entity]
  /// Of the whole listing.
  package var total: Int
  package var nextCursor: String?

  package init(items: [Entity], total: Int, nextCursor: String? = nil) {
    self.items = items
    self.total = total
    self.nextCursor = nextCursor
  }

  package var json: JSONValue {
    [
      "items": .array(items.map { .object($0.json) }),
      "total": .integer(total),
      "next_cursor": nextCursor.map { .string($0) } ?? .null,
    ]
  }
}

/// What a listing is asked for.
package struct EntityQuery: Sendable {
  package var project: String
  package var name: String?
  package var limit: Int
  package var cursor: String?

  package init(project: String, name: String? = nil, limit: Int = 25, cursor: String? = nil) {
    self.project = project
    self.name = name
    self.limit = limit
    self.cursor = cursor
  }
}

package struct RunQuery: Sendable {
  package enum SortField: String, Sendable, CaseIterable { case created, updated, name, state }

  package var project: String
  package var function: FunctionReference?
  package var action: Action?
  package var kind: String?
  package var states: [RunState] = []
  package var name: String?
  package var user: String?
  package var createdAfter: Timestamp?
  package var createdBefore: Timestamp?
  package var sort: SortField = .created
  package var ascending = false
  package var limit = 25
  package var cursor: String?

  package init(project: String) { self.project = project }
}

package struct ProjectDraft: Sendable {
  package var name: String
  package var description: String?
  package var labels: [String] = []

  package init(name: String) { self.name = name }
}

package struct FunctionDraft: Sendable {
  package var project: String
  package var name: String
  package var kind: String = "container"
  package var id: String?
  package var description: String?
  package var labels: [String] = []
  package var embedded = false
  /// The function's own parameters, normalised.
  package var spec: JSONObject

  package init(project: String, name: String, spec: JSONObject) {
    self.project = project
    self.name = name
    self.spec = spec
  }
}

/// How a caller names a function: its latest version by name, or one version by id.
package struct FunctionReference: Sendable, Hashable {
  package enum Target: Sendable, Hashable {
    case latest(name: String)
    case version(id: String)
    /// 32 hex digits may be an id or a name.
    case idOrName(id: String, name: String)
  }
  package var project: String
  package var target: Target

  package init(project: String, target: Target) {
    self.project = project
    self.target = target
  }
}

package struct RunReference: Sendable, Hashable {
  package var project: String
  package var id: String

  package init(project: String, id: String) {
    self.project = project
    self.id = id
  }
}

package struct RunDraft: Sendable {
  package var project: String
  package var function: FunctionReference
  package var action: Action
  /// The run's own parameters, normalised: what a `WorkloadSpec` is made from, over the function's.
  package var spec: JSONObject
  package var id: String?
  package var idempotencyKey: String?
  package var name: String?
  package var description: String?
  package var labels: [String] = []
  /// What the check of the params had to say.
  package var warnings: [Warning] = []

  package init(project: String, function: FunctionReference, action: Action, spec: JSONObject) {
    self.project = project
    self.function = function
    self.action = action
    self.spec = spec
  }
}

package struct RenderedRun: Sendable {
  package var id: String
  package var rendering: Rendering
  /// What came of the run's profile and its own parameters; nil where it names no profile.
  package var resolved: JSONObject?

  package init(id: String, rendering: Rendering, resolved: JSONObject? = nil) {
    self.resolved = resolved
    self.id = id
    self.rendering = rendering
  }
}

package enum WaitGoal: String, Sendable, CaseIterable {
  case running, terminal
}

package struct WaitResult: Sendable {
  package var run: Entity
  package var timedOut: Bool

  package init(run: Entity, timedOut: Bool) {
    self.run = run
    self.timedOut = timedOut
  }
}
