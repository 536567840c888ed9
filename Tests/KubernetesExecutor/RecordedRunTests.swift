import Foundation
import JSON
import Model
import Platform
import Testing

@testable import KubernetesExecutor

/// What a current cluster really told, replayed event by event.
@Suite struct RecordedRunTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/kubernetes-1.32").standardized.path

  private struct Event {
    var kind: Resource
    var type: String
    var object: JSONObject
    var version: Int
  }

  private static func events(of label: String) throws -> [Event] {
    var events: [Event] = []
    for (file, kind) in [("pods", Resource.pod), ("jobs", .job), ("deployments", .deployment)] {
      let lines = try String(contentsOfFile: "\(folder)/watch-\(file).jsonl", encoding: .utf8).split(separator: "\n")
      for line in lines {
        let event = try JSONValue(parsing: String(line))
        guard let object = event["object"]?.objectValue, let type = event["type"]?.stringValue, type != "BOOKMARK",
          object["metadata"]?["labels"]?["case"]?.stringValue == label
        else { continue }
        let version = Int(object["metadata"]?["resourceVersion"]?.stringValue ?? "") ?? 0
        events.append(Event(kind: kind, type: type, object: object, version: version))
      }
    }
    return events.sorted { $0.version < $1.version }
  }

  /// What is said of the run after each event.
  private static func story(_ label: String, _ look: (ClusterRun) -> Observation) throws -> [Observation] {
    var run = ClusterRun()
    return try events(of: label).map { event in
      if event.kind == .pod {
        run.pods.removeAll { $0["metadata"]?["uid"] == event.object["metadata"]?["uid"] }
        if event.type != "DELETED" { run.pods.append(event.object) }
      } else {
        run.workload = event.type == "DELETED" ? nil : event.object
      }
      return look(run)
    }
  }

  private static func rank(_ observation: Observation) -> Int {
    switch observation {
    case .absent: -1
    case .pending: 0
    case .running: 1
    case .ended: 2
    }
  }

  @Test(arguments: [
    ("ok", true, 0, "Completed", ""), ("exit3", false, 3, "Error", "exit code 3"),
    ("oom", false, 137, "OOMKilled", "resources.limits.memory"),
    ("no-command", false, 128, "StartError", "can't be started"),
  ])
  func aJobEnds(label: String, succeeded: Bool, code: Int, reason: String, words: String) throws {
    var story = try Self.story(label) { $0.job(patience: nil, now: .now()) }
    // `ok` was deleted in the end.
    while case .absent? = story.last { story.removeLast() }
    guard case .ended(let ending)? = story.last else {
      Issue.record("\(label): \(String(describing: story.last))")
      return
    }
    #expect(ending.succeeded == succeeded && ending.exitCode == code && ending.reason == reason)
    #expect(words.isEmpty || ending.message.contains(words), "\(ending.message)")
    let ranks = story.map(Self.rank)
    #expect(ranks == ranks.sorted(), "\(label) went back: \(story)")
    // Said as soon as the pod says it, which is a second or two before its Job does.
    let first = try #require(story.firstIndex { Self.rank($0) == 2 })
    for case .ended(let again) in story[first...] {
      #expect(again.exitCode == code && again.reason == reason, "said twice, differently: \(again)")
    }
  }

  @Test func whatTookTooLongSaysSo() throws {
    let story = try Self.story("deadline") { $0.job(patience: nil, now: .now()) }
    guard case .ended(let ending)? = story.last else {
      Issue.record("\(String(describing: story.last))")
      return
    }
    #expect(!ending.succeeded && ending.reason == "DeadlineExceeded", "\(ending)")
  }

  @Test(arguments: [
    ("no-image", "can't be had"), ("never-pull", "ErrImageNeverPull"), ("unschedulable", "No node takes the run"),
  ])
  func whatWaitsSaysWhatFor(label: String, words: String) throws {
    let details = try Self.story(label) { $0.job(patience: nil, now: .now()) }.compactMap { observation in
      if case .pending(let detail) = observation { detail } else { nil }
    }
    #expect(details.contains { $0.contains(words) }, "\(details)")
  }

  @Test func patienceWithAnImageEnds() throws {
    let events = try Self.events(of: "no-image")
    let run = ClusterRun(
      workload: events.last { $0.kind == .job }?.object,
      pods: [try #require(events.last { $0.kind == .pod && $0.type != "DELETED" }).object]
    )
    let created = try #require(PodView(run.pods[0]).createdAt)
    func look(after seconds: Int64) -> Observation {
      run.job(patience: 30, now: Timestamp(nanoseconds: created.nanoseconds + seconds * 1_000_000_000))
    }
    guard case .pending = look(after: 29), case .ended(let ending) = look(after: 31) else {
      Issue.record("\(look(after: 29)) \(look(after: 31))")
      return
    }
    #expect(ending.reason == "ImagePull" && ending.message.contains("nothing:1"))
  }

  /// Pods and Jobs are told by watches of their own: the Job's end may come first, without how the program ended.
  @Test func anEndIsNotToldBeforeItsPodTellsHow() throws {
    let events = try Self.events(of: "exit3")
    let job = try #require(events.last { $0.kind == .job && $0.type != "DELETED" }).object
    let pods = events.filter { $0.kind == .pod && $0.type != "DELETED" }.map(\.object)
    let running = try #require(pods.last { PodView($0).isRunning })
    let failed = try #require(job["status"]?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == "Failed" })
    let at = try #require(PodView.time(failed["lastTransitionTime"]))
    func look(_ pod: JSONObject, after seconds: Int64) -> Observation {
      ClusterRun(workload: job, pods: [pod])
        .job(patience: nil, now: Timestamp(nanoseconds: at.nanoseconds + seconds * 1_000_000_000))
    }
    #expect(Self.rank(look(running, after: 1)) == 1)
    guard case .ended(let told) = look(try #require(pods.last), after: 1),
      case .ended(let untold) = look(running, after: 6)
    else {
      Issue.record("no end")
      return
    }
    #expect(told.exitCode == 3 && untold.exitCode == nil && untold.reason == "BackoffLimitExceeded")
  }

  @Test func replicas() throws {
    let story = try Self.story("web") { $0.deployment(replicas: 2, restartLimit: 5, patience: nil, now: .now()) }
    #expect(story.contains { Self.rank($0) == 1 })
    let crash = try Self.story("crash") { $0.deployment(replicas: 1, restartLimit: 3, patience: nil, now: .now()) }
    guard case .ended(let ending)? = crash.last(where: { Self.rank($0) == 2 }) else {
      Issue.record("\(crash)")
      return
    }
    #expect(ending.exitCode == 7 && ending.message.contains("times in a row"), "\(ending.message)")
  }
}
