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
  }

  var isRunning: Bool { ["running", "paused", "restarting", "stopping"].contains(status) }
  var hasEnded: Bool { ["exited", "dead", "stopped", "removing"].contains(status) }
}
