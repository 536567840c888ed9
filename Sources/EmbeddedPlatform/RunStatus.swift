internal import JSON
internal import Model
internal import Platform

/// The status of an embedded run, in DigitalHub's shape: a pure value; `RunDriver` decides when it changes.
package struct RunStatus {
  private(set) var json: JSONObject

  init(_ json: JSONObject) { self.json = json }

  /// A run as it is recorded first: it has been checked, built and is ready to go.
  init(recordedAt now: Timestamp, warnings: [Warning]) {
    json = ["state": .string(RunState.created.rawValue), "transitions": []]
    enter(.created, at: now, message: nil)
    enter(.built, at: now, message: nil)
    enter(.ready, at: now, message: nil)
    if !warnings.isEmpty { json["warnings"] = .array(warnings.map { .object($0.json) }) }
  }

  var state: RunState { RunState(rawValue: json["state"]?.stringValue ?? "") }

  /// When a finished run is deleted by itself; nil: never.
  mutating func setExpiry(_ time: Timestamp?) { json["expires_at"] = time.map { .string($0.text) } }

  /// Newest first, as Core has them: `{status, time, message}`.
  mutating func enter(_ state: RunState, at time: Timestamp, message: String?) {
    json["state"] = .string(state.rawValue)
    var transition: JSONObject = ["status": .string(state.rawValue), "time": .string(time.text)]
    transition["message"] = message.map { .string($0) }
    json["transitions"] = .array([.object(transition)] + (json["transitions"]?.arrayValue ?? []))
    json["message"] = message.map { .string($0) }
  }

  mutating func note(_ message: String?) { json["message"] = message.map { .string($0) } }

  mutating func setReason(_ reason: String) { json["reason"] = .string(reason) }

  /// Kept in the record, so that whichever sidecar carries out the stop knows it.
  mutating func setStopGrace(_ seconds: Int) { json["stop_grace_seconds"] = .integer(seconds) }

  var stopGraceSeconds: Int { json["stop_grace_seconds"]?.integerValue ?? Self.standardStopGraceSeconds }

  package static let standardStopGraceSeconds = 10

  mutating func begin(at time: Timestamp) { json["started_at"] = .string(time.text) }

  /// Another attempt of the same run: how the last one ended is in the transitions only.
  mutating func resume(at time: Timestamp) {
    for name in ["exit_code", "reason", "started_at", "finished_at", "restarts", "replicas", "service"] {
      json[name] = nil
    }
    json["attempt"] = .integer((json["attempt"]?.integerValue ?? 1) + 1)
    json["resumed_at"] = .string(time.text)
  }

  var resumedAt: Timestamp? { json["resumed_at"]?.stringValue.flatMap { Timestamp(parsing: $0) } }

  /// What is known of the replicas of a run that stays up. False where it says nothing new.
  @discardableResult
  mutating func set(_ upkeep: Upkeep) -> Bool {
    let before = json
    json["replicas"] = .array(upkeep.replicasJSON)
    json["restarts"] = .integer(upkeep.restarts)
    json["service"] = upkeep.service.map { .object($0) }
    return json != before
  }

  mutating func end(_ ending: Ending) {
    json["reason"] = .string(ending.reason)
    json["exit_code"] = ending.exitCode.map { .integer($0) }
    if let startedAt = ending.startedAt { begin(at: startedAt) }
    if let image = ending.image {
      json["image"] = .string(image.name)
      json["image_digest"] = .string(image.digest)
    }
    json["finished_at"] = ending.finishedAt.map { .string($0.text) }
    closeService()
  }

  /// What is not up has no URL that can be opened.
  mutating func closeService() { json["service"] = nil }
}
