import JSON

/// How a run will fare, as its own spec says. This is the convention by which a test scripts a run:
///
/// | in the merged spec | what becomes of the run |
/// |---|---|
/// | `image` (a build's `base_image`) has `missing` in it | it can't be pulled: PENDING for ever, at level 13 RUNNING |
/// | … has `unschedulable` in it | no node takes it: the same, with an event `FailedScheduling` |
/// | … has `oom` in it | killed for its memory: exit code 137, `OOMKilled` |
/// | `command` is `false` | exit code 1 |
/// | `args`: `exit N` | that exit code |
/// | `args`: `log TEXT`, any number of times | the lines of its log, spread over the time it runs |
/// | `args`: `sleep MS` | how long it runs |
/// | env `DOUBLE_EXIT`, `DOUBLE_LOG` (lines), `DOUBLE_READY_MS`, `DOUBLE_PENDING_MS`, `DOUBLE_RUNNING_MS` | the same, where args won't do |
/// | env `DOUBLE_REFUSED` | the cluster refuses it with this message: READY, then ERROR |
/// | env `DOUBLE_BROKEN` | Core fails to build it: HTTP 200, ERROR with this message |
///
/// A job or build whose exit code is not 0 ends in ERROR, `Job failed: 1`; a serve or deploy that ends at all is
/// restarted, and ends in ERROR, `Multiple pod restarts`. Args are read word by word up to the first that is none of these.
struct Fate: Sendable {
  enum Obstacle: Sendable { case missingImage, unschedulable }

  var obstacle: Obstacle?
  /// Nil: 0 for what ends by itself, and a service runs on.
  var exitCode: Int?
  var isOutOfMemory = false
  var log = ["Hello from Docker!"]
  var ready: Milliseconds?
  var pending: Milliseconds?
  var running: Milliseconds?
  var refusal: String?
  var breakage: String?

  init(spec: JSONObject, action: String) {
    let image = spec[action == "build" ? "base_image" : "image"]?.stringValue ?? ""
    if image.contains("missing") { obstacle = .missingImage }
    if image.contains("unschedulable") { obstacle = .unschedulable }
    if image.contains("oom") { kill() }
    if spec["command"]?.stringValue == "false" { exitCode = 1 }
    read(args: spec["args"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    for env in spec["envs"]?.arrayValue ?? [] {
      read(env: env["name"]?.stringValue ?? "", env["value"]?.stringValue ?? "")
    }
  }

  private mutating func kill() {
    exitCode = 137
    isOutOfMemory = true
  }

  private mutating func read(args: [String]) {
    var rest = args[...]
    var lines: [String] = []
    reading: while let word = rest.popFirst() {
      switch word {
      case "log": lines.append(rest.popFirst() ?? "")
      case "exit": exitCode = rest.popFirst().flatMap { Int($0) } ?? exitCode
      case "sleep": running = rest.popFirst().flatMap { Milliseconds($0) } ?? running
      default: break reading
      }
    }
    if !lines.isEmpty { log = lines }
  }

  private mutating func read(env name: String, _ value: String) {
    switch name {
    case "DOUBLE_EXIT": exitCode = Int(value) ?? exitCode
    case "DOUBLE_LOG": log = value.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    case "DOUBLE_READY_MS": ready = Milliseconds(value)
    case "DOUBLE_PENDING_MS": pending = Milliseconds(value)
    case "DOUBLE_RUNNING_MS": running = Milliseconds(value)
    case "DOUBLE_REFUSED": refusal = value
    case "DOUBLE_BROKEN": breakage = value
    default: break
    }
  }
}
