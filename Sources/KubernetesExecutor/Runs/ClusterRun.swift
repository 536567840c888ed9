import JSON
import Model
import Platform

/// What the cluster shows of one run at one moment, and what that means. Pure.
package struct ClusterRun: Sendable, Hashable {
  /// The Job or the Deployment; nil where there is none.
  package var workload: JSONObject?
  package var pods: [JSONObject]

  package init(workload: JSONObject? = nil, pods: [JSONObject] = []) {
    self.workload = workload
    self.pods = pods
  }

  /// A job's. `patience`: seconds that an image may be missing before the run is given up; nil: for ever.
  package func job(patience: Int?, now: Timestamp) -> Observation {
    // A former attempt's pods may still be going.
    let uid = workload?["metadata"]?["uid"]?.stringValue
    let pods = pods.map { PodView($0) }.filter { uid == nil || $0.isOwned(by: uid) }.sorted {
      ($0.createdAt ?? now, $0.name) < ($1.createdAt ?? now, $1.name)
    }
    if let ending = pods.last?.ending { return .ended(ending) }
    guard let workload else { return pods.isEmpty ? .absent : pending(pods, patience, now) }
    if let failed = condition("Failed", of: workload), !isAwaited(failed, now) { return .ended(failure(failed, pods)) }
    if condition("Complete", of: workload) != nil {
      var ending = Ending(
        succeeded: true,
        exitCode: 0,
        reason: "Completed",
        message: "The program ended with exit code 0."
      )
      ending.startedAt = workload["status"]?["startTime"]?.stringValue.flatMap { Timestamp(parsing: $0) }
      ending.finishedAt = workload["status"]?["completionTime"]?.stringValue.flatMap { Timestamp(parsing: $0) }
      return .ended(ending)
    }
    if let running = pods.last(where: { $0.isRunning }) { return .running(since: running.startedAt) }
    return pending(pods, patience, now)
  }

  /// What stays up: running once all replicas that are asked for are ready.
  package func deployment(replicas: Int, restartLimit: Int, patience: Int?, now: Timestamp) -> Observation {
    guard workload != nil else { return .absent }
    let pods = living.map { PodView($0) }
    if let loop = pods.first(where: { $0.restarts >= restartLimit && !$0.isReady }), let last = loop.lastEnding {
      var ending = last
      ending.succeeded = false
      ending.message =
        "The program of the replica \(loop.name) ended \(loop.restarts) times in a row; last: \(last.message)"
        + (last.exitCode == 0 ? " It ended by itself: what stays up must not." : "")
      return .ended(ending)
    }
    let ready = pods.filter(\.isReady)
    if ready.count >= replicas {
      return .running(since: ready.compactMap(\.startedAt).max())
    }
    let observation = pending(pods, patience, now)
    guard case .pending(let detail) = observation else { return observation }
    return .pending(detail: "\(ready.count) of \(replicas) replicas are ready." + (detail.map { " " + $0 } ?? ""))
  }

  /// Whether the workload was made for this attempt.
  func isCurrent(_ execution: Execution) -> Bool {
    workload?["metadata"]?["annotations"]?[RunLabels.attempt]?.stringValue == execution.resumedAt?.text
  }

  /// Pods that are not being removed.
  var living: [JSONObject] { pods.filter { $0["metadata"]?["deletionTimestamp"] == nil } }

  private func pending(_ pods: [PodView], _ patience: Int?, _ now: Timestamp) -> Observation {
    for pod in pods {
      if let failure = pod.imageFailure {
        let waited = pod.createdAt.map { Int((now.nanoseconds - $0.nanoseconds) / 1_000_000_000) } ?? 0
        guard let patience, waited >= patience else { return .pending(detail: failure) }
        return .ended(
          Ending(
            succeeded: false,
            exitCode: nil,
            reason: "ImagePull",
            message: "\(failure) Given up after \(waited) s."
          )
        )
      }
    }
    return .pending(detail: pods.lazy.compactMap(\.waitingFor).first)
  }

  private func condition(_ type: String, of workload: JSONObject) -> JSONValue? {
    workload["status"]?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type && $0["status"] == "True" }
  }

  /// Whether a pod may still tell how it ended: pods and Jobs are told by watches of their own, and either may be first.
  private func isAwaited(_ condition: JSONValue, _ now: Timestamp) -> Bool {
    guard condition["reason"]?.stringValue == "BackoffLimitExceeded",
      let at = condition["lastTransitionTime"]?.stringValue.flatMap({ Timestamp(parsing: $0) })
    else { return false }
    return (0..<5_000_000_000).contains(now.nanoseconds - at.nanoseconds)
  }

  /// The Job's own word, where its pods say nothing: a pod that took too long is removed.
  private func failure(_ condition: JSONValue, _ pods: [PodView]) -> Ending {
    let reason = condition["reason"]?.stringValue ?? "Error"
    let words = condition["message"]?.stringValue ?? "The Job failed."
    var ending = Ending(succeeded: false, exitCode: nil, reason: reason, message: words)
    if reason == "DeadlineExceeded" { ending.message = "The run took longer than it may, and was ended: \(words)" }
    ending.startedAt = pods.last?.startedAt
    ending.finishedAt = condition["lastTransitionTime"]?.stringValue.flatMap { Timestamp(parsing: $0) }
    return ending
  }
}
