import JSON
import Testing

@Suite("JSON Pointer")
struct JSONPointerTests {
  /// RFC 6901, section 5.
  static let document: JSONValue = [
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
  ]

  @Test(
    "The RFC's examples",
    arguments: [
      ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3), ("/g|h", 4),
      ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8), ("", document),
    ] as [(String, JSONValue)]
  )
  func examples(text: String, expected: JSONValue) throws {
    let pointer = try JSONPointer(parsing: text)
    #expect(Self.document[pointer] == expected)
    #expect(pointer.description == text)
  }

  @Test(
    "Places that are not there",
    arguments: ["/x", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/0/x"]
  )
  func absent(text: String) throws { #expect(Self.document[try JSONPointer(parsing: text)] == nil) }

  @Test("No pointers", arguments: ["a", "#/a", "/~", "/~2", "/a~"])
  func malformed(text: String) { #expect(throws: JSONPointerError.self) { try JSONPointer(parsing: text) } }

  @Test("Appending escapes")
  func appending() {
    #expect((JSONPointer.root / "a/b~" / 0).description == "/a~1b~0/0")
    #expect(JSONPointer(tokens: ["~1"]).description == "/~01")
  }
}
