import JSON
import Model
import Platform

/// One pod, as far as a run's state depends on it. Pure.
struct PodView {
  let json: JSONObject

  init(_ json: JSONObject) { self.json = json }

  var name: String { json["metadata"]?["name"]?.stringValue ?? "" }
  var createdAt: Timestamp? { Self.time(json["metadata"]?["creationTimestamp"]) }
  func isOwned(by uid: String?) -> Bool {
    json["metadata"]?["ownerReferences"]?.arrayValue?.contains { $0["uid"]?.stringValue == uid } ?? false
  }

  private var status: JSONValue? { json["status"] }
  private var phase: String { status?["phase"]?.stringValue ?? "Pending" }

  /// Of the container that runs the user's program.
  private var main: JSONValue? {
    status?["containerStatuses"]?.arrayValue?.first { $0["name"]?.stringValue == PodTemplate.container }
  }

  var isRunning: Bool { main?["state"]?["running"] != nil }
  var isReady: Bool { main?["ready"] == true && json["metadata"]?["deletionTimestamp"] == nil }
  var restarts: Int { main?["restartCount"]?.integerValue ?? 0 }
  var startedAt: Timestamp? {
    Self.time(main?["state"]?["running"]?["startedAt"]) ?? Self.time(main?["state"]?["terminated"]?["startedAt"])
  }

  /// How it ended for good; nil where it has not, or is begun again.
  var ending: Ending? {
    let restarts = json["spec"]?["restartPolicy"]?.stringValue == "Always"
    if !restarts, let terminated = main?["state"]?["terminated"] { return Self.ending(terminated, limit: memoryLimit) }
    guard phase == "Failed" || phase == "Succeeded" else { return nil }
    if let terminated = main?["state"]?["terminated"] { return Self.ending(terminated, limit: memoryLimit) }
    // Evicted, or its node went: the kubelet has no word of the container.
    let reason = status?["reason"]?.stringValue ?? "Error"
    return Ending(
      succeeded: phase == "Succeeded",
      exitCode: nil,
      reason: reason,
      message: status?["message"]?.stringValue ?? "The pod \(name) ended: \(reason)."
    )
  }

  /// How the program of what stays up ended last.
  var lastEnding: Ending? {
    let terminated = main?["state"]?["terminated"] ?? main?["lastState"]?["terminated"]
    return terminated.map { Self.ending($0, limit: memoryLimit) }
  }

  /// Why the image is not there yet, in the kubelet's words.
  var imageFailure: String? {
    guard let waiting = main?["state"]?["waiting"], let reason = waiting["reason"]?.stringValue,
      ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"].contains(
        reason
      )
    else { return nil }
    let image = main?["image"]?.stringValue ?? ""
    return "The image \(image) can't be had (\(reason)): \(waiting["message"]?.stringValue ?? "no message")."
  }

  /// What it waits for.
  var waitingFor: String? {
    if let unscheduled = status?["conditions"]?.arrayValue?.first(where: {
      $0["type"]?.stringValue == "PodScheduled" && $0["status"] == "False"
    }) {
      let reason = unscheduled["reason"]?.stringValue ?? "Unscheduled"
      return "No node takes the run (\(reason)): \(unscheduled["message"]?.stringValue ?? "no message")"
    }
    guard let waiting = main?["state"]?["waiting"], let reason = waiting["reason"]?.stringValue else { return nil }
    if reason == "ContainerCreating" || reason == "PodInitializing" { return nil }
    return waiting["message"]?.stringValue.map { "\(reason): \($0)" } ?? reason
  }

  private var memoryLimit: String? {
    json["spec"]?["containers"]?.arrayValue?.first?["resources"]?["limits"]?["memory"]?.stringValue
  }

  private static func ending(_ terminated: JSONValue, limit: String?) -> Ending {
    let code = terminated["exitCode"]?.integerValue
    let reason = terminated["reason"]?.stringValue ?? (code == 0 ? "Completed" : "Error")
    let words = terminated["message"]?.stringValue.map { " " + $0 } ?? ""
    let shown = code.map(String.init) ?? "unknown"
    var ending = Ending(
      succeeded: code == 0,
      exitCode: code,
      reason: reason,
      message: "The program ended with exit code \(shown).\(words)"
    )
    ending.startedAt = time(terminated["startedAt"])
    ending.finishedAt = time(terminated["finishedAt"])
    switch reason {
    case "OOMKilled":
      ending.message =
        "The program used more memory than its limit (\(limit ?? "none")) and was killed. Raise resources.limits.memory."
    case "StartError", "RunContainerError", "ContainerCannotRun":
      // The runtime's own code is 128: no program has run.
      ending.message = "The container can't be started:\(words.isEmpty ? " no message" : words)"
      ending.startedAt = nil
    default:
      if code == 127 { ending.message += " 127 usually means that a command was not found." }
      if code == 126 { ending.message += " 126 usually means that a command was found but can't be executed." }
    }
    return ending
  }

  static func time(_ value: JSONValue?) -> Timestamp? { value?.stringValue.flatMap { Timestamp(parsing: $0) } }
}
