import JSON
import Model
import Platform
import Testing

@testable import Sidecar

@Suite struct RunEventWriterTests {
  private func written(_ event: RunEvent) throws -> JSONValue {
    var writer = RunEventWriter(subscription: "sub-1")
    var bytes: [UInt8] = []
    writer.write(event, to: &bytes)
    #expect(!bytes.contains(0x0A))
    return try JSONValue(parsing: bytes)
  }

  @Test(arguments: [
    0, 1, 999, 1_000, 1_000_000, 999_999_999, 1_000_000_000, 1_767_312_000_123_456_789, 1_767_312_000_120_000_000,
    1_767_312_000_000_001_000, -1,
  ])
  func aLogEntry(nanoseconds: Int64) throws {
    let moment = Timestamp(nanoseconds: nanoseconds)
    let text = "a \"quote\", a \\ and \u{7}\n\u{1F600}"
    let entry = LogEntry(timestamp: moment, stream: .stderr, container: "c", text: text)
    var cursor = RunCursor(run: RecordingPlatform.id)
    (cursor.seq, cursor.states, cursor.log) = (7, 2, "e2.1.2.3.4")
    let json = try written(RunEvent(seq: 7, cursor: cursor, content: .log(entry)))
    let wanted: JSONObject = [
      "subscription": "sub-1", "seq": 7, "cursor": .string(cursor.text), "type": "log",
      "timestamp": .string(moment.text), "stream": "stderr", "container": "c", "text": .string(text),
    ]
    #expect(json["method"] == "run/event" && json["params"] == .object(wanted))
  }

  @Test func aTransitionAndAnEnd() throws {
    let cursor = RunCursor(run: RecordingPlatform.id)
    let change = StateChange(state: .error, time: "2026-01-02T00:00:00Z", message: "m", reason: "Error", exitCode: 3)
    let state = try written(RunEvent(seq: 1, cursor: cursor, content: .state(change)))["params"]
    #expect(state?["type"] == "state" && state?["state"] == "ERROR" && state?["exit_code"] == 3)
    #expect(state?["timestamp"] == "2026-01-02T00:00:00Z" && state?["reason"] == "Error" && state?["message"] == "m")
    let failure = RunStreamEnd(.failed, error: SidecarError(.engineError, "No.", hint: "h"))
    let end = try written(RunEvent(seq: 2, cursor: cursor, content: .end(failure)))["params"]
    #expect(end?["type"] == "end" && end?["reason"] == "failed" && end?["error"]?["code"] == 3002)
    #expect(end?["error"]?["data"]?["hint"] == "h" && end?["run"] == nil)
  }
}
