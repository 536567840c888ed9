import JSON
import Model
import Platform
import Testing

@testable import EmbeddedPlatform

@Suite struct RunStatusTests {
  private static let moment = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

  @Test func transitionsAreNewestFirstWithTimeAndMessage() {
    var status = RunStatus(recordedAt: Self.moment, warnings: [Warning(pointer: "/a", code: "c", message: "m")])
    status.enter(.error, at: Timestamp(nanoseconds: Self.moment.nanoseconds + 1_000_000_000), message: "why")
    let time = JSONValue.string(Self.moment.text)
    #expect(
      status.json == [
        "state": "ERROR", "message": "why", "warnings": [["pointer": "/a", "code": "c", "message": "m"]],
        "transitions": [
          ["status": "ERROR", "time": "2023-11-14T22:13:21Z", "message": "why"], ["status": "READY", "time": time],
          ["status": "BUILT", "time": time], ["status": "CREATED", "time": time],
        ],
      ]
    )
    #expect(status.state == .error)
  }

  @Test func anEndSaysReasonCodeAndTimes() {
    var status = RunStatus(recordedAt: Self.moment, warnings: [])
    status.end(Ending(succeeded: false, exitCode: 137, reason: "OOMKilled", message: "m", startedAt: Self.moment))
    #expect(status.json["reason"] == "OOMKilled" && status.json["exit_code"] == 137)
    #expect(status.json["started_at"] == .string(Self.moment.text) && !status.json.contains("finished_at"))
    // One without a program has no exit code, also where a former note had one.
    status.end(Ending(succeeded: false, exitCode: nil, reason: "ImagePull", message: "m"))
    #expect(!status.json.contains("exit_code"))
  }

  @Test func theGraceOfAStopIsKeptAndHasADefault() {
    var status = RunStatus(recordedAt: Self.moment, warnings: [])
    #expect(status.stopGraceSeconds == RunStatus.standardStopGraceSeconds)
    status.setStopGrace(0)
    #expect(RunStatus(status.json).stopGraceSeconds == 0)
  }

  @Test func whatIsAskedForMakesTheFingerprint() {
    let now = Timestamp.now()
    let function = Entity(
      type: .function,
      kind: "container",
      id: EntityID.generate(),
      name: "f",
      project: "p",
      metadata: Metadata(created: now, updated: now),
      spec: ["image": "i"]
    )
    var version = function
    version.id = EntityID.generate()
    let draft = RunDraft.job { $0.spec = ["args": ["a"], "image": "j"] }
    let reordered = RunDraft.job { $0.spec = ["image": "j", "args": ["a"]] }
    #expect(draft.fingerprint(function) == reordered.fingerprint(version))
    #expect(draft.fingerprint(function) != RunDraft.job { $0.spec = ["image": "j"] }.fingerprint(function))
  }

  @Test func anIdIsTheGivenOneOrTheKeys() {
    let id = EntityID.generate()
    #expect(RunDraft.job().runID == nil)
    #expect(RunDraft.job { $0.id = id }.runID == id)
    #expect(
      RunDraft.job { $0.idempotencyKey = "k" }.runID == EntityID.forIdempotencyKey("k", project: "default")
    )
  }
}
