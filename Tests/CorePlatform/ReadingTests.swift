import Foundation
import JSON
import Model
import Platform
import Testing

@testable import CorePlatform

/// From what Core sends back to what a caller sees.
@Suite struct ReadingTests {
  @Test(
    arguments: [
      ("terminated at 2026-01-01T00:00:00Z exitCode: 3 reason: Error", 3, "Error"),
      ("terminated exitCode: 137, reason: OOMKilled", 137, "OOMKilled"),
      ("exitCode: 0 reason: Completed", 0, "Completed"),
      ("terminated reason: StartError", nil, "StartError"),
    ] as [(String, Int?, String?)]
  )
  func exitCodesAreReadFromCoresText(text: String, code: Int?, reason: String?) {
    let ending = ContainerEnding(text: text)
    #expect(ending?.exitCode == code && ending?.reason == reason)
  }

  @Test(arguments: ["running since 2026", "", "waiting: ImagePullBackOff"])
  func aContainerThatGoesOnHasNoEnding(text: String) {
    #expect(ContainerEnding(text: text) == nil)
  }

  private static func run(_ state: String, _ transitions: [String], kind: String = "container+job:run") -> RunView {
    RunView(
      core: CoreEntity([
        "kind": .string(kind), "id": "r1", "name": "r1", "project": "p", "key": "store://p/run/\(kind)/r1:r1",
        "metadata": ["created": "2026-01-01T00:00:00Z", "labels": ["mine", "dh-sidecar:request=abc"]],
        "spec": [
          "task": "container+serve://p/t1", "resources": ["cpu": ["requests": "1", "limits": "2"]], "source": [:],
        ],
        "status": [
          "state": .string(state),
          "transitions": .array(
            transitions.enumerated().map { ["status": .string($1), "time": "2026-01-01T00:00:0\($0)Z"] }
          ),
        ],
      ])
    )
  }

  @Test(arguments: [
    ("RUNNING", ["CREATED", "BUILT", "READY", "RUNNING"]), ("RUNNING", ["RUNNING", "READY", "BUILT", "CREATED"]),
  ])
  func transitionsAreNewestFirst(state: String, sent: [String]) {
    #expect(Self.run(state, sent).transitions.first?["status"]?.stringValue == "RUNNING")
    #expect(Self.run(state, sent).transitions.last?["status"]?.stringValue == "CREATED")
  }

  @Test func eachStateIsToldOnceAndInOrder() {
    let reporter = StateReporter()
    #expect(reporter.steps(of: Self.run("READY", ["READY", "CREATED"])) == ["READY"])
    #expect(reporter.steps(of: Self.run("READY", ["READY", "CREATED"])).isEmpty)
    #expect(
      reporter.steps(of: Self.run("COMPLETED", ["COMPLETED", "RUNNING", "PENDING", "READY", "CREATED"]))
        == ["PENDING", "RUNNING", "COMPLETED"]
    )
    // One that this version does not know, from a server that keeps no list.
    #expect(reporter.steps(of: Self.run("ARCHIVING", [])) == ["ARCHIVING"])
  }

  @Test func aRunIsShownInTheReferencesTerms() {
    let entity = Self.run("RUNNING", ["RUNNING"], kind: "container+run").entity
    #expect(entity.spec["resources"] == ["requests": ["cpu": "1"], "limits": ["cpu": "2"]])
    #expect(entity.spec["action"] == "serve")
    #expect(entity.metadata.labels == ["mine"])
    #expect(entity.json["key"] == "store://p/run/container+run/r1:r1")
    #expect(entity.json["kind"] == "container+run")
  }

  @Test func aServicesURLCanBeOpened() {
    var view = Self.run("RUNNING", [])
    view = RunView(
      core: CoreEntity([
        "id": "r",
        "status": ["state": "RUNNING", "service": ["url": "s.dh:8080", "urls": ["s.dh:8080", "https://x"]]],
      ])
    )
    #expect(view.entity.status["service"]?["url"] == "http://s.dh:8080")
    #expect(view.entity.status["service"]?["urls"] == ["http://s.dh:8080", "https://x"])
  }

  // MARK: Functions

  @Test(
    arguments: [
      ["image": "a", "code": "print(1)\n", "lang": "python", "handler": "f"], ["image": "a", "command": "sh"],
      ["base64": "AP8="], ["code_src": "git+https://h/r#main", "handler": "m:f"],
      ["base_image": "b", "lang": "dockerfile", "code": "FROM b\n"],
      ["image": "a", "image_pull_policy": "Never"],
    ] as [JSONObject]
  )
  func aFunctionComesBackAsItWasGiven(spec: JSONObject) {
    var core = FunctionSpec.core(spec)
    // Core does not keep it.
    core["image_pull_policy"] = nil
    let labels = [spec["image_pull_policy"]?.stringValue.map(CoreLabel.imagePullPolicy)].compactMap(\.self)
    #expect(FunctionSpec.reference(core, labels: labels) == spec)
  }

  @Test func inlineCodeHasAPathSinceCoreIgnoresItOtherwise() {
    #expect(FunctionSpec.core(["code": "x", "lang": "python"])["source"]?["source"] == "main.py")
    #expect(FunctionSpec.core(["code": "x"])["source"]?["source"] == "main")
    #expect(FunctionSpec.core(["code": "x", "lang": "dockerfile"])["source"]?["source"] == "Dockerfile")
  }

  @Test(
    arguments: [
      ("my_project", "my-project"), ("My Project!", "my-project"), ("a", nil), ("__", nil),
      (String(repeating: "x", count: 50), String(repeating: "x", count: 38)),
    ] as [(String, String?)]
  )
  func aProjectsNameIsSuggested(given: String, wanted: String?) {
    #expect(NameRules.coreProjectName(resembling: given) == wanted)
    if let wanted { #expect(NameRules.isCoreProjectName(wanted)) }
  }

  // MARK: Logs

  private static func record(_ content: String, id: String = "l1", pod: String = "j-x") -> LogRecord? {
    let encoded = Data(content.utf8).base64EncodedString()
    return LogRecord([
      "id": .string(id), "spec": ["run": "r", "timestamp": 1_795_472_042_548],
      "status": ["pod": .string(pod), "container": "c-x"], "content": .string(encoded),
    ])
  }

  @Test func allThreeShapesAreRead() throws {
    let old = try #require(Self.record("hi\n"))
    let new = try #require(
      LogRecord([
        "id": "a", "run": "r", "metadata": ["created": "2026-07-20T10:00:00.000Z"],
        "extensions": ["pod": "j-x", "container": "c-x"], "content": "aGkK",
      ])
    )
    #expect(old.container == "j-x/c-x" && new.container == "j-x/c-x")
    #expect(old.content == new.content)
    #expect(old.timestamp.text == "2026-11-23T22:14:02.548Z" && new.timestamp.text == "2026-07-20T10:00:00Z")
  }

  @Test func readingGoesOnWhereItStopped() throws {
    func page(_ text: String, after: String?, isOver: Bool = false) throws -> LogPage {
      try CoreLogPage.make([try #require(Self.record(text))], query: LogQuery(after: after), isOver: isOver)
    }
    let first = try page("one\ntwo\nthr", after: nil)
    #expect(first.entries.map(\.text) == ["one", "two"])
    let second = try page("one\ntwo\nthree\nfour", after: first.cursor)
    #expect(second.entries.map(\.text) == ["three"])
    #expect(try page("one\ntwo\nthree\nfour", after: second.cursor).entries.isEmpty)
    #expect(try page("one\ntwo\nthree\nfour", after: second.cursor, isOver: true).entries.map(\.text) == ["four"])
    // Core cut the text at its beginning meanwhile.
    #expect(try page("o\nthree\nfour\nfive\n", after: second.cursor).entries.map(\.text) == ["four", "five"])
    #expect(throws: SidecarError.self) { try page("", after: "nonsense") }
  }

  @Test func tailIsTheLastLinesAndNothingIsGivenAgain() throws {
    let records = [try #require(Self.record("a\nb\nc\n"))]
    let page = try CoreLogPage.make(records, query: LogQuery(tail: 2), isOver: true)
    #expect(page.entries.map(\.text) == ["b", "c"])
    #expect(try CoreLogPage.make(records, query: LogQuery(after: page.cursor), isOver: true).entries.isEmpty)
    let limited = try CoreLogPage.make(records, query: LogQuery(limit: 2), isOver: true)
    let rest = try CoreLogPage.make(records, query: LogQuery(after: limited.cursor), isOver: true)
    #expect(limited.entries.map(\.text) + rest.entries.map(\.text) == ["a", "b", "c"])
  }

  // MARK: Small rules

  @Test func retriesBackOffAndEnd() {
    let policy = RetryPolicy()
    #expect(policy.delay(afterAttempt: 1, jitter: 1) == 0.2)
    #expect(policy.delay(afterAttempt: 3, jitter: 1) == 0.8)
    #expect(policy.delay(afterAttempt: 3, jitter: 0) == 0.4)
    #expect(policy.delay(afterAttempt: 4, jitter: 1) == nil)
    #expect(policy.delay(afterAttempt: 1, retryAfterSeconds: 7, jitter: 1) == 7)
    #expect(policy.delay(afterAttempt: 1, retryAfterSeconds: 3600, jitter: 1) == nil)
    #expect(policy.retries(status: 503, method: "POST") && policy.retries(status: 500, method: "GET"))
    #expect(!policy.retries(status: 500, method: "POST") && !policy.retries(status: 404, method: "GET"))
  }

  @Test func looksBackOffAndHurryAgain() {
    var schedule = PollSchedule()
    let slow = (0..<40).map { _ in schedule.next(changed: false, jitter: 0.5) }
    #expect(zip(slow, slow.dropFirst()).allSatisfy { $0 <= $1 } && slow.last == PollSchedule.slowest)
    #expect(schedule.next(changed: true, jitter: 0.5) == PollSchedule.fastest)
    let failing = (0..<8).map { _ in schedule.afterFailure(jitter: 0.5) }
    #expect(failing.first == 1 && failing.last == 30)
  }

  @Test func retryAfterMayBeADate() {
    #expect(RetryAfter.seconds("120") == 120)
    #expect(RetryAfter.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 0)
    #expect(RetryAfter.seconds("soon") == nil)
  }

  @Test func idsInBothSpellings() {
    #expect(EntityID.dashed("0f8fad5bd9cb469fa16570867728950e") == "0f8fad5b-d9cb-469f-a165-70867728950e")
    #expect(EntityID.dashed("does-not-exist") == nil)
  }
}
