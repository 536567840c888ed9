import JSON
import Model
import Testing

@Suite struct IdentityTests {
  static let id = "0f8fad5bd9cb469fa16570867728950e"

  @Test func generatedIDsAreVersion4() {
    let ids = (0..<100).map { _ in EntityID.generate() }
    #expect(Set(ids).count == 100)
    for id in ids {
      #expect(EntityID.normalise(id) == id)
      let characters = Array(id)
      #expect(characters[12] == "4" && "89ab".contains(characters[16]))
    }
  }

  @Test(arguments: [
    (id, id), ("0F8FAD5B-D9CB-469F-A165-70867728950E", id), ("0f8fad5b-d9cb-469f-a165-70867728950e", id),
  ])
  func normalises(text: String, expected: String) { #expect(EntityID.normalise(text) == expected) }

  @Test(arguments: [
    "", "0f8fad5b", "0f8fad5b-d9cb-469f-a16570867728-950e", "0f8fad5bd9cb469fa16570867728950g", "{0f8fad5b}",
    "0f8fad5bd9cb469fa16570867728950e0", "0f8fad5b-d9cb-469f-a165-7086772895-e",
  ])
  func refuses(text: String) { #expect(EntityID.normalise(text) == nil) }

  @Test func version5IsTheStandards() {
    // RFC 9562, appendix A.4: www.example.com in the DNS namespace.
    let dns: [UInt8] = [
      0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
    ]
    #expect(
      EntityID.hex(EntityID.version5(namespace: dns, name: "www.example.com")) == "2ed6657de927568b95e12665a8aea6a2"
    )
  }

  @Test func idempotencyKeysAreStableAndApart() {
    let id = EntityID.forIdempotencyKey("nightly", project: "p")
    #expect(id == EntityID.forIdempotencyKey("nightly", project: "p"))
    #expect(id != EntityID.forIdempotencyKey("nightly", project: "q"))
    #expect(id != EntityID.forIdempotencyKey("nightly2", project: "p"))
  }

  @Test(arguments: [
    ("store://p", "store://p"), ("store://p/function/container/f:\(id)", "store://p/function/container/f:\(id)"),
    ("store://p/function/container/f", "store://p/function/container/f"),
    ("store://p/task/container+job/\(id)", "store://p/task/container+job/\(id)"),
    ("store://p/run/container+job:run/\(id):\(id)", "store://p/run/container+job:run/\(id)"),
    ("container://p/f:\(id)", "store://p/function/container/f:\(id)"),
    ("container+job://p/\(id)", "store://p/task/container+job/\(id)"),
  ])
  func readsKeys(text: String, canonical: String) { #expect(EntityKey(parsing: text)?.text == canonical) }

  @Test(arguments: [
    "", "p", "store://", "store:///function/container/f", "store://p/function", "store://p/nothing/container/f",
    "store://p/run/container+job:run/x", "store://p/function/container/f:nope", "store://p/function/container/a:b:c",
    "https://p/f", "store://p/run/container+job:run/\(id):\(String(id.reversed()))",
  ])
  func refusesKeys(text: String) { #expect(EntityKey(parsing: text) == nil) }

  @Test func entityKeepsWhatItDoesNotKnow() throws {
    let text = """
      {"kind":"container","id":"\(Self.id)","key":"store://p/function/container/f:\(Self.id)","name":"f","project":"p",
      "user":"u","metadata":{"project":"p","name":"f","version":"\(Self.id)","created":"2026-01-02T03:04:05.678Z",
      "updated":"2026-01-02T03:04:05Z","labels":["a"],"embedded":true,"created_by":"u"},
      "spec":{"image":"i","source":{}},"status":{"state":"CREATED","x":1}}
      """
    let json = try #require(try JSONValue(parsing: text).objectValue)
    let entity = try #require(Entity(json: json))
    #expect(entity.type == .function)
    #expect(entity.metadata.other == ["created_by": "u"])
    #expect(entity.json == json)
  }

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"), ("2026-01-02T03:04:05.5+01:00", "2026-01-02T02:04:05.500Z"),
    ("2024-02-29T00:00:00.123456789Z", "2024-02-29T00:00:00.123456789Z"),
    ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"), ("1700-03-01t00:00:00z", "1700-03-01T00:00:00Z"),
    ("2026-01-02T03:04:05.1234567891Z", "2026-01-02T03:04:05.123456789Z"),
  ])
  func readsMoments(text: String, canonical: String) { #expect(Timestamp(parsing: text)?.text == canonical) }

  @Test(arguments: [
    "", "2026-01-02", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:05",
    "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx", "9999-01-01T00:00:00Z",
  ])
  func refusesMoments(text: String) { #expect(Timestamp(parsing: text) == nil) }

  @Test func transitionsLeadToTheEnd() {
    #expect(RunState.created.canBecome(.built) && RunState.pending.canBecome(.stop))
    #expect(!RunState.completed.canBecome(.running) && !RunState.deleted.canBecome(.created))
    for (state, next) in RunState.transitions {
      #expect(state == .deleted || !next.isEmpty)
      #expect(state == .deleting || next.contains(.deleting), "\(state.rawValue) can't be deleted")
    }
  }
}
