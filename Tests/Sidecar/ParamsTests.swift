import JSON
import JSONRPC
import Model
import Platform
import Synchronization
import Testing

@testable import Sidecar

/// From params to what the platform is asked.
@Suite struct ParamsTests {
  private static let id = RecordingPlatform.id
  private static let dashed = "0F8FAD5B-D9CB-469F-A165-70867728950E"

  @Test(
    arguments: [
      (["id": .string(id)], "standard", id), (["id": .string(dashed)], "standard", id),
      (["project": "p", "id": .string(id)], "p", id), (["id": "no id at all"], "standard", "no id at all"),
      (["id": .string("store://k/run/container+job:run/\(id)")], "k", id),
      (["id": .string("store://k/run/container+job:run/\(id):\(id)")], "k", id),
      (["project": "k", "id": .string("container+job:run://k/\(id)")], "k", id),
    ] as [(JSONObject, String, String)]
  )
  func aRunIsNamedByIdOrKey(params: JSONObject, project: String, id: String) async throws {
    for method in ["getRun", "waitRun", "stopRun", "resumeRun", "deleteRun", "getRunLogs", "getMetrics"] {
      let platform = RecordingPlatform()
      _ = try await platform.call(method, params)
      let reference: RunReference? =
        switch platform.last {
        case .runReference(let reference), .wait(let reference, _, _), .stop(let reference, _),
          .logs(let reference, _, _):
          reference
        default: nil
        }
      #expect(reference == RunReference(project: project, id: id), "\(method)")
    }
  }

  @Test(
    arguments: [
      (["function": "f"], "standard", .latest(name: "f")),
      (["project": "p", "function": "f"], "p", .latest(name: "f")),
      (["function": .string(dashed)], "standard", .idOrName(id: id, name: dashed)),
      (["function": "store://k/function/container/f"], "k", .latest(name: "f")),
      (["function": "store://k/function/container/f:latest"], "k", .latest(name: "f")),
      (["function": .string("store://k/function/container/f:\(id)")], "k", .version(id: id)),
      (["function": .string("container://k/f:\(id)")], "k", .version(id: id)),
    ] as [(JSONObject, String, FunctionReference.Target)]
  )
  func aFunctionIsNamedByNameIdOrKey(
    params: JSONObject,
    project: String,
    target: FunctionReference.Target
  ) async throws {
    let platform = RecordingPlatform()
    _ = try await platform.call("getFunction", params)
    guard case .reference(let got) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(got == FunctionReference(project: project, target: target))
    var run = params
    run["action"] = "job"
    _ = try await platform.call("run", run)
    guard case .run(let draft) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(draft.function == got && draft.project == project)
  }

  @Test(
    arguments: [
      ("getRun", ["id": "store://k/function/container/f"], "/id", "function"),
      ("getFunction", ["function": .string("store://k/run/container+job:run/\(id)")], "/function", "run"),
      ("getTask", ["id": .string("store://k/run/container+job:run/\(id)")], "/id", "run"),
      ("getRun", ["project": "p", "id": .string("store://k/run/container+job:run/\(id)")], "/project", "k"),
      ("getTask", ["project": "p", "id": .string("store://k/task/container+job/\(id)")], "/project", "k"),
      ("getFunction", ["project": "p", "function": "store://k/function/container/f"], "/project", "k"),
    ] as [(String, JSONObject, String, String)]
  )
  func aKeyThatDoesNotFitIsAFault(method: String, params: JSONObject, pointer: String, word: String) async throws {
    let platform = RecordingPlatform()
    let error = await #expect(throws: SidecarError.self) { try await platform.call(method, params) }
    #expect(error?.code == .invalidParams && error?.faults.map(\.pointer) == [pointer])
    #expect(error?.message.contains(word) == true)
    #expect(platform.all.isEmpty)
  }

  @Test func aTaskIsNamedByIdOrKey() async throws {
    for (given, project) in [
      (Self.id, "standard"), (Self.dashed, "standard"), ("store://k/task/container+job/\(Self.id)", "k"),
    ] {
      let platform = RecordingPlatform()
      _ = try await platform.call("getTask", ["id": .string(given)])
      guard case .task(let asked, let id) = platform.last else { return #expect(Bool(false), "nothing was asked") }
      #expect(asked == project && id == Self.id)
    }
  }

  @Test func aFunctionsParametersArePutWhereTheyBelong() async throws {
    let platform = RecordingPlatform()
    _ = try await platform.call(
      "createFunction",
      [
        "project": "p", "name": "f", "kind": "container", "uuid": .string(Self.dashed), "description": "d",
        "labels": ["a"], "embedded": true, "image": "i", "command": "sh", "handler": "h", "lang": "sh",
      ]
    )
    guard case .function(let draft) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(draft.project == "p" && draft.name == "f" && draft.kind == "container" && draft.id == Self.id)
    #expect(draft.description == "d" && draft.labels == ["a"] && draft.embedded)
    #expect(draft.spec == ["image": "i", "command": "sh", "handler": "h", "lang": "sh"])
    let error = await #expect(throws: SidecarError.self) {
      try await platform.call("createFunction", ["name": "f", "kind": "container", "code": "a", "base64": "YQ=="])
    }
    #expect(error?.faults.map(\.rule) == ["exclusive"])
  }

  @Test(arguments: ["run", "renderRun"])
  func aRunsParametersAreNormalised(method: String) async throws {
    let platform = RecordingPlatform()
    let answer = try await platform.call(
      method,
      [
        "function": "f", "action": "job", "uuid": .string(Self.dashed), "description": "d", "labels": ["a"],
        "idempotency_key": "k", "image": "other", "args": ["x"], "node_selector": ["a": "b"],
        "resources": ["limits": ["memory": "1Gi"]], "instructions": ["apt install git -y"],
      ]
    )
    guard case .run(let draft) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(draft.project == "standard" && draft.action == .job && draft.id == Self.id && draft.idempotencyKey == "k")
    #expect(draft.description == "d" && draft.labels == ["a"])
    #expect(
      draft.spec == [
        "image": "other", "args": ["x"], "node_selector": [["key": "a", "value": "b"]],
        "resources": ["limits": ["mem": "1Gi"]], "instructions": ["apt install git -y"],
      ]
    )
    #expect(draft.warnings.map(\.pointer) == ["/instructions"])
    #expect(answer["id"] == .string(Self.id))
    if method == "renderRun" {
      #expect(answer["platform"] == "local" && answer["calls"] == [["method": "POST"]])
      #expect(answer["warnings"]?[0]?["pointer"] == "/instructions")
    }
  }

  @Test func aListOfRunsHasItsFilters() async throws {
    let platform = RecordingPlatform()
    let page = try await platform.call(
      "listRuns",
      [
        "project": "p", "function": "f", "action": "build", "kind": "k", "state": ["ERROR", "STOPPED"], "name": "n",
        "user": "u", "created_after": "2026-01-01T00:00:00Z", "created_before": "2026-02-01T00:00:00Z",
        "sort": "name", "limit": 7, "cursor": "c",
      ]
    )
    #expect(page["total"] == 3 && page["next_cursor"] == "next" && page["items"]?.arrayValue?.count == 1)
    guard case .runs(let query) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(query.project == "p" && query.function?.target == .latest(name: "f") && query.action == .build)
    #expect(query.kind == "k" && query.states == [.error, .stopped] && query.name == "n" && query.user == "u")
    #expect(query.createdAfter?.text == "2026-01-01T00:00:00Z" && query.createdBefore?.text == "2026-02-01T00:00:00Z")
    #expect(query.sort == .name && !query.ascending && query.limit == 7 && query.cursor == "c")
    _ = try await platform.call("listRuns", ["state": "ERROR"])
    guard case .runs(let plain) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(plain.states == [.error] && plain.limit == 25 && plain.sort == .created && plain.project == "standard")
  }

  @Test(
    arguments: [
      ([:], nil, nil), (["until": "running"], .running, nil),
      (["until": "terminal", "timeout_seconds": 0], .terminal, 0),
    ] as [(JSONObject, WaitGoal?, Double?)]
  )
  func aWaitHasItsGoalAndItsTime(params: JSONObject, goal: WaitGoal?, seconds: Double?) async throws {
    let platform = RecordingPlatform()
    var params = params
    params["id"] = .string(Self.id)
    let answer = try await platform.call("waitRun", params)
    guard case .wait(_, let until, let timeout) = platform.last else {
      return #expect(Bool(false), "nothing was asked")
    }
    #expect(until == goal && timeout == seconds)
    #expect(answer["timed_out"] == .bool(seconds == 0))
  }

  @Test func progressGoesToTheTokenThatWasGiven() async throws {
    let sent = Mutex<[JSONValue]>([])
    let context = RequestContext(
      notify: { method, params in sent.withLock { $0.append([.string(method), .object(params)]) } },
      spawn: { work in Task { await work() } }
    )
    func steps() -> [JSONValue?] { sent.withLock { $0.map { $0[1]?["value"]?["kind"] } } }
    for (method, params) in [
      ("waitRun", ["id": .string(Self.id), "progress_token": "t"]),
      ("run", ["function": "f", "action": "job", "progress_token": "t"]),
    ] as [(String, JSONObject)] {
      sent.withLock { $0 = [] }
      _ = try await RecordingPlatform().call(method, params, context: context)
      while steps().count < 3 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(steps() == ["begin", "report", "end"])
      #expect(sent.withLock { $0.allSatisfy { $0[0] == "$/progress" && $0[1]?["token"] == "t" } })
      let report = sent.withLock { $0[1][1]?["value"] }
      #expect(report == ["kind": "report", "message": "Pulling i", "done": 1, "total": 2, "unit": "layers"])
    }
    sent.withLock { $0 = [] }
    _ = try await RecordingPlatform().call("waitRun", ["id": .string(Self.id)], context: context)
    #expect(sent.withLock { $0.isEmpty })
  }

  @Test(arguments: ["stopRun", "deleteRun"])
  func theLaneIsFreeOnceItIsDecided(method: String) async throws {
    let left = Mutex(0)
    let context = RequestContext(notify: { _, _ in }, spawn: { _ in }, leaveLane: { left.withLock { $0 += 1 } })
    _ = try await RecordingPlatform().call(method, ["id": .string(Self.id)], context: context)
    #expect(left.withLock { $0 } == 1)
  }

  @Test func aStopHasTheGraceThatWasGiven() async throws {
    let platform = RecordingPlatform()
    for (params, grace) in [(["id": "x"], nil), (["id": "x", "grace_seconds": 0], 0)] as [(JSONObject, Int?)] {
      _ = try await platform.call("stopRun", params)
      guard case .stop(_, let asked) = platform.last else { return #expect(Bool(false), "nothing was asked") }
      #expect(asked == grace)
    }
  }

  @Test func logsHaveTheirQueryAndTheirShape() async throws {
    let platform = RecordingPlatform()
    let page = try await platform.call(
      "getRunLogs",
      [
        "id": "x", "tail": 3, "since": "2026-01-01T00:00:00Z", "after": "c", "follow": true, "timeout_seconds": 2,
      ]
    )
    #expect(
      page == [
        "entries": [
          ["timestamp": "1970-01-01T00:00:00.000000001Z", "stream": "stderr", "container": "c", "text": "t"]
        ],
        "cursor": "cursor",
      ]
    )
    guard case .logs(_, let query, let seconds) = platform.last else {
      return #expect(Bool(false), "nothing was asked")
    }
    #expect(query.tail == 3 && query.since?.text == "2026-01-01T00:00:00Z" && query.after == "c" && query.follow)
    #expect(seconds == 2)
  }

  @Test func aPatchKeepsItsNullsAndIsChecked() async throws {
    let platform = RecordingPlatform()
    _ = try await platform.call(
      "updateFunction",
      ["function": "f", "description": nil, "spec": ["image": "j", "command": nil]]
    )
    guard case .patch(_, let patch) = platform.last else { return #expect(Bool(false), "nothing was asked") }
    #expect(patch["description"] == .null && patch["spec"] == ["image": "j", "command": nil])
    let error = await #expect(throws: SidecarError.self) {
      try await platform.call("updateFunction", ["function": "f", "spec": ["imge": "j", "lang": "cobol"]])
    }
    #expect(error?.faults.map(\.pointer) == ["/spec/imge", "/spec/lang"])
  }

  @Test func aSecretsValueIsInNoError() async throws {
    let platform = RecordingPlatform(failure: SidecarError(.catalogError, "broken"))
    for value in [47_114_711, ["s3cret-47114711"]] as [JSONValue] {
      let error = await #expect(throws: SidecarError.self) {
        try await platform.call("setSecret", ["name": "A", "value": value])
      }
      #expect(error.map { "\($0)".contains("47114711") } == false)
    }
  }
}
