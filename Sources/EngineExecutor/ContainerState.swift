import JSON
import Model

/// What an engine's inspect says of a container, as far as it matters here.
struct ContainerState: Sendable, Hashable {
  /// `created`, `running`, `exited`, …: Podman and Docker share these.
  var status: String
  var exitCode: Int
  var oomKilled: Bool
  /// Why it could not start (Docker only).
  var error: String
  var startedAt: Timestamp?
  var finishedAt: Timestamp?
  var id: String
  var memoryLimit: Int
  /// The first argv element that was asked for.
  var command: String?
  /// How often the engine began the program again, since it was started by hand.
  var restarts: Int
  var createdAt: Timestamp?
  /// Of the image's HEALTHCHECK: `starting`, `healthy`, `unhealthy`; nil where it has none.
  var health: String?
  var portBindings: JSONObject
  /// See `Execution.catalog`; nil where the container has no such label.
  var catalog: String?

  init(_ json: JSONValue) {
    let state = json["State"]
    status = state?["Status"]?.stringValue ?? ""
    exitCode = state?["ExitCode"]?.integerValue ?? 0
    oomKilled = state?["OOMKilled"]?.boolValue ?? false
    error = state?["Error"]?.stringValue ?? ""
    startedAt = state?["StartedAt"]?.stringValue.flatMap(EngineTime.parse)
    finishedAt = state?["FinishedAt"]?.stringValue.flatMap(EngineTime.parse)
    id = json["Id"]?.stringValue ?? ""
    memoryLimit = json["HostConfig"]?["Memory"]?.integerValue ?? 0
    let entrypoint = json["Config"]?["Entrypoint"]
    command = entrypoint?.arrayValue?.first?.stringValue ?? entrypoint?.stringValue
    restarts = json["RestartCount"]?.integerValue ?? 0
    createdAt = json["Created"]?.stringValue.flatMap(EngineTime.parse)
    // Podman always has the member, with an empty status where there is no check.
    health = state?["Health"]?["Status"]?.stringValue.flatMap { $0.isEmpty || $0 == "none" ? nil : $0 }
    catalog = json["Config"]?["Labels"]?[EnginePlanner.catalogLabel]?.stringValue
    portBindings = json["HostConfig"]?["PortBindings"]?.objectValue ?? [:]
  }

  /// Whether what ran here last was a former attempt of a run that was resumed then.
  func isOlder(than resumedAt: Timestamp?) -> Bool {
    guard let resumedAt, !isRunning, hasEnded else { return false }
    return (startedAt ?? finishedAt).map { $0.nanoseconds < resumedAt.nanoseconds } ?? true
  }

  var isRunning: Bool { ["running", "paused", "restarting", "stopping"].contains(status) }
  /// Never started.
  var isNew: Bool { ["created", "configured"].contains(status) }
  var hasEnded: Bool { ["exited", "dead", "stopped", "removing"].contains(status) }
}
