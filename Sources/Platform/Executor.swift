package import JSON
package import Model

/// One run as an executor sees it: who it is, what it is to do, and the values that only it may know.
package struct Execution: Sendable {
  package var project: String
  package var functionName: String
  package var functionID: String
  /// 32 lower-case hex digits: every name that the executor gives derives from it.
  package var runID: String
  package var spec: WorkloadSpec
  /// Values of `spec.secrets`, by name. Empty for a dry run, which shows `<secret NAME>`.
  package var secretValues: [String: String]
  /// The run's record, for platforms that keep a copy with what they make: `{run, …}` with its entity. Nil: none is kept.
  package var record: JSONObject?
  /// When the run was resumed last: what began before that belongs to a former attempt.
  package var resumedAt: Timestamp?
  /// Whose run it is: the name of the catalog that records it, so that what is made for it can be told from what others
  /// have made. Empty: nobody's.
  package var catalog = ""

  package init(
    project: String,
    functionName: String,
    functionID: String,
    runID: String,
    spec: WorkloadSpec,
    secretValues: [String: String] = [:]
  ) {
    self.project = project
    self.functionName = functionName
    self.functionID = functionID
    self.runID = runID
    self.spec = spec
    self.secretValues = secretValues
  }
}

/// What `renderRun` shows of a platform's work: exactly what would be sent, secret values aside.
package struct Rendering: Sendable {
  /// The member's name on the wire: `calls` (engine), `manifests` (Kubernetes) or `requests` (Core).
  package var member: String
  package var objects: [JSONObject]
  package var warnings: [Warning]

  package init(member: String, objects: [JSONObject], warnings: [Warning]) {
    self.member = member
    self.objects = objects
    self.warnings = warnings
  }
}

/// What the platform itself says of a run, at one moment.
package enum Observation: Sendable, Hashable {
  /// Nothing of the run is there.
  case absent
  /// Made, or being made, but not begun.
  case pending(detail: String?)
  case running(since: Timestamp?)
  case ended(Ending)
}

/// How a run ended, in the words of the cause.
package struct Ending: Sendable, Hashable {
  package var succeeded: Bool
  /// The program's own; nil where it never began.
  package var exitCode: Int?
  /// CamelCase, one word, as Kubernetes has them: `Completed`, `Error`, `OOMKilled`, `StartError`, `ImagePull`, …
  package var reason: String
  /// For a person, with the remedy where one is known.
  package var message: String
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  /// What a build has made.
  package var image: BuiltImage?

  package init(
    succeeded: Bool,
    exitCode: Int?,
    reason: String,
    message: String,
    startedAt: Timestamp? = nil,
    finishedAt: Timestamp? = nil
  ) {
    self.succeeded = succeeded
    self.exitCode = exitCode
    self.reason = reason
    self.message = message
    self.startedAt = startedAt
    self.finishedAt = finishedAt
  }
}

/// An image that a build has made.
package struct BuiltImage: Sendable, Hashable {
  /// Fully qualified.
  package var name: String
  /// `sha256:…`: as its registry knows it where it was pushed, else the image's id in the engine.
  package var digest: String

  package init(name: String, digest: String) {
    self.name = name
    self.digest = digest
  }
}

package struct LogEntry: Sendable, Hashable {
  package enum Stream: String, Sendable { case stdout, stderr }
  package var timestamp: Timestamp
  package var stream: Stream
  package var container: String
  /// One line, without its line break. Bytes that are not UTF-8 become U+FFFD.
  package var text: String

  package init(timestamp: Timestamp, stream: Stream, container: String, text: String) {
    self.timestamp = timestamp
    self.stream = stream
    self.container = container
    self.text = text
  }
}

package struct LogQuery: Sendable {
  /// Only the last n entries.
  package var tail: Int?
  package var since: Timestamp?
  /// A cursor that a former answer gave: only what came after.
  package var after: String?
  /// Wait for the first new entry, at most until the deadline or the end of the run.
  package var follow: Bool
  package var limit: Int

  package init(
    tail: Int? = nil,
    since: Timestamp? = nil,
    after: String? = nil,
    follow: Bool = false,
    limit: Int = 10_000
  ) {
    self.tail = tail
    self.since = since
    self.after = after
    self.follow = follow
    self.limit = limit
  }
}

package struct LogPage: Sendable {
  package var entries: [LogEntry]
  /// Opaque; stays valid across restarts.
  package var cursor: String

  package init(entries: [LogEntry], cursor: String) {
    self.entries = entries
    self.cursor = cursor
  }
}

/// A step of slow work, for `$/progress`.
package struct Progress: Sendable {
  package var message: String
  package var done: Int?
  package var total: Int?
  package var unit: String?

  package init(message: String, done: Int? = nil, total: Int? = nil, unit: String? = nil) {
    self.message = message
    self.done = done
    self.total = total
    self.unit = unit
  }
}

/// What runs containers. It keeps no records: whatever it needs to know comes with the call or is asked of the
/// platform. All names derive from the run's id, so every call may be repeated, by any sidecar.
package protocol Executor: Sendable {
  var kind: PlatformKind { get }
  /// Whether a run may have to wait for its place: then `ensure` answers pending from time to time, with the cause, and
  /// is asked again.
  var queues: Bool { get }
  /// Actions that `ensure` can carry out; `render` takes all four.
  var actions: Set<Action> { get }

  /// What it is and which version answers, for `getCapabilities` and `doctor`. Throws where nothing answers.
  func describe() async throws -> JSONObject

  /// Whether it answers, as cheaply as can be asked; finds it first where it is not known yet. Throws
  /// `engine_unavailable` where nothing answers. To be asked before a run is recorded.
  func ping() async throws

  /// What is in the way of a run on this machine now, asked before it is recorded or resumed. Throws `port_in_use`
  /// where a port that it asks for is taken.
  func check(_ execution: Execution) async throws

  /// Checks what can be checked without contacting anything: a parameter that this platform can't honour is thrown
  /// as `unsupported_parameter`, before anything is created.
  func render(_ execution: Execution) throws -> Rendering

  /// The function's spec as a run of it records it: whatever depends on this process, such as the folder that a relative
  /// path begins in, is settled, so that any sidecar can carry the run out. Throws `invalid_params`.
  func settled(_ function: JSONObject) throws -> JSONObject

  /// Makes whatever the run needs and starts it. Idempotent: what is already there is adopted, and what has begun
  /// is never begun again. Throws where the platform can't be reached; what the platform refuses for good (no such
  /// image, no such command) is an `.ended` observation.
  func ensure(_ execution: Execution, progress: @escaping @Sendable (Progress) -> Void) async throws -> Observation

  /// What the platform says now.
  func observe(_ execution: Execution) async throws -> Observation

  /// Returns at the end of a run that is running. Throws where the platform goes away meanwhile.
  func awaitEnd(_ execution: Execution) async throws -> Observation

  /// As `awaitEnd`, of a run that is kept up: tells every change of its replicas meanwhile. `.pending` where a replica
  /// is gone, and has to be made again by `ensure`.
  func awaitEnd(
    _ execution: Execution,
    changed: @escaping @Sendable (Upkeep) async -> Void
  ) async throws -> Observation

  /// How the replicas of a serve or a deploy are, and where its service can be reached. Nil for other actions.
  func upkeep(_ execution: Execution) async throws -> Upkeep?

  /// Ends the program: SIGTERM, then SIGKILL after the grace. Nothing to stop is no error.
  func stop(_ execution: Execution, graceSeconds: Int) async throws

  /// Removes everything of the run. Nothing to remove is no error.
  func remove(_ execution: Execution) async throws

  /// Removes what a project's runs have made to outlive them: its volumes, its network. All of its runs are gone.
  func removeProject(_ project: String, catalog: String) async throws

  /// Removes what carries the name of this catalog and belongs to runs that it does not know, and what processes that
  /// are gone have left in this user's files. `known` gives of some runs' ids those that are recorded; asked after they
  /// were found, since a run is recorded before anything is made for it.
  func removeLeftovers(of catalog: String, known: @Sendable (Set<String>) async throws -> Set<String>) async throws

  func logs(_ execution: Execution, query: LogQuery) async throws -> LogPage

  /// Reads the log from a place on (empty: the beginning) as it is written, through restarts of the program and of the
  /// engine. `take` is awaited before more is read, so whoever is slow to take makes the platform wait. Returns at the end
  /// of the log, once `over` says that no program begins any more.
  func followLogs(
    _ execution: Execution,
    after place: String,
    over: RunOver,
    take: @escaping @Sendable (LogBatch) async throws -> Void
  ) async throws
  /// The last entries that are there now, and the place before the first of them.
  func lastLogs(_ execution: Execution, count: Int) async throws -> (start: String, batch: LogBatch)
}

extension Executor {
  package var queues: Bool { false }
  package func settled(_ function: JSONObject) throws -> JSONObject { function }
  package func check(_ execution: Execution) async throws {}
  package func removeProject(_ project: String, catalog: String) async throws {}
  package func removeLeftovers(
    of catalog: String,
    known: @Sendable (Set<String>) async throws -> Set<String>
  ) async throws {}
  package func awaitEnd(
    _ execution: Execution,
    changed: @escaping @Sendable (Upkeep) async -> Void
  ) async throws -> Observation {
    try await awaitEnd(execution)
  }
  package func upkeep(_ execution: Execution) async throws -> Upkeep? { nil }
}
