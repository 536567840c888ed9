import JSON
import Testing

@testable import YAML

@Suite struct YAMLTests {
  @Test(
    arguments: [
      ("", nil), ("# nothing", nil), ("~", nil), ("null", nil), ("Null", nil), ("NULL", nil),
      ("nULL", "nULL"), ("true", true), ("True", true), ("TRUE", true), ("false", false), ("yes", "yes"),
      ("on", "on"), ("no", "no"), ("y", "y"), ("'true'", "true"), ("\"~\"", "~"), ("0", 0), ("-0", 0), ("+12", 12),
      ("012", 12), ("-7", -7), ("0o17", 15), ("0x1F", 31), ("0x-1", "0x-1"), ("0b1", "0b1"), ("1_000", "1_000"),
      ("9223372036854775807", 9_223_372_036_854_775_807), ("1e", "1e"), ("1.2.3", "1.2.3"), (".", "."), ("-", [nil]),
      ("+", "+"), ("2026-01-31", "2026-01-31"), ("12:30:45", "12:30:45"), ("500m", "500m"), ("'12'", "12"),
      ("\"\\u00e9\\n\"", "é\n"), ("|\n  a\n  b\n", "a\nb\n"), (">-\n  a\n  b\n", "a b"), ("!!str 12", "12"),
      ("! 12", "12"), ("!!int '12'", 12), ("!!float 1", 1), ("!!null ''", nil), ("!!bool 'true'", true),
      ("a: 1\nb: [x, 'y']\n", ["a": 1, "b": ["x", "y"]]), ("{a: {b: }}", ["a": ["b": nil]]), ("1: a", ["1": "a"]),
      ("true: a", ["true": "a"]), ("'': a", ["": "a"]), ("'<<': a", ["<<": "a"]), ("- - 1\n  - 2\n- 3", [[1, 2], 3]),
      ("--- a\n...\n", "a"), ("%YAML 1.2\n---\na: b", ["a": "b"]), ("\u{FEFF}a: b", ["a": "b"]),
      ("a: &x [1]\nb: *x\n", ["a": [1], "b": [1]]), ("a: &x 1\nb: &x 2\nc: *x", ["a": 1, "b": 2, "c": 2]),
      ("&k a: b\nc: *k", ["a": "b", "c": "a"]), ("a: \u{1F600}", ["a": "\u{1F600}"]),
    ] as [(String, JSONValue)]
  )
  func values(text: String, value: JSONValue) throws {
    #expect(try YAMLDocument(parsing: text).value == value)
  }

  /// Numbers that Swift has no exact type for keep their digits, as JSON writes them.
  @Test(
    arguments: [
      ("1.5", "1.5"), ("1.", "1.0"), (".5", "0.5"), ("-.5", "-0.5"), ("+1.50", "1.50"), ("1e3", "1e3"),
      ("1E+03", "1e03"), ("1.5e-3", "1.5e-3"), ("007.5", "7.5"), ("92233720368547758080", "92233720368547758080"),
      ("-00092233720368547758080", "-92233720368547758080"),
    ]
  )
  func numbers(text: String, literal: String) throws {
    let value = try YAMLDocument(parsing: text).value
    #expect(value == .number(JSONNumber(uncheckedLiteral: literal)))
    #expect(try JSONValue(parsing: value.text()) == value)
  }

  @Test(
    arguments: [
      ("a: 1\nb: 2\na: 3", .duplicateKey, 3, 1), ("{a: 1, 'a': 2}", .duplicateKey, 1, 8),
      ("x: &m {a: 1}\ny:\n  <<: *m\n", .unsupported, 3, 3), ("? [a]\n: b", .unsupported, 1, 3),
      ("? {a: b}\n: c", .unsupported, 1, 3), ("?\n: a", .unsupported, 1, 2), ("a: .inf", .unsupported, 1, 4),
      ("- -.Inf", .unsupported, 1, 3), ("- .nan", .unsupported, 1, 3), ("!!binary aGk=", .unsupported, 1, 1),
      ("!mine 1", .unsupported, 1, 1), ("!!set {a, b}", .unsupported, 1, 1), ("!!int x", .unsupported, 1, 1),
      ("!!bool 1", .unsupported, 1, 1), ("a: *b", .unknownAlias, 1, 4), ("a: &x [*x]", .unknownAlias, 1, 8),
      ("a: &x 1\n---\nb: *x", .unknownAlias, 3, 4), ("a\n---\nb", .documentCount, 2, 1), ("a: [1", .syntax, 2, 1),
      ("a: b: c", .syntax, 1, 5), ("\ta: b", .syntax, 1, 1), ("a: 'b", .syntax, 1, 6), ("a: \u{01}", .syntax, 1, 4),
      ("é: 1\né: \u{7}", .syntax, 2, 4), ("&k [1]: 2", .unsupported, 1, 1), ("&k 1: 2\n*k : 3", .unsupported, 2, 1),
    ] as [(String, YAMLError.Code, Int, Int)]
  )
  func faults(text: String, code: YAMLError.Code, line: Int, column: Int) {
    let error = #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: text) }
    #expect(error?.code == code, "\(error as Any)")
    #expect(error?.position == YAMLPosition(line: line, column: column), "\(error as Any)")
    #expect(error?.message.isEmpty == false)
  }

  @Test(arguments: [[0xff], [0x61, 0x3a, 0x20, 0xc3, 0x28], [0xfe, 0xff, 0x00, 0x61], [0x61, 0x00]] as [[UInt8]])
  func whatIsNotUTF8(bytes: [UInt8]) {
    #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: bytes) }
  }

  @Test func severalDocuments() throws {
    let documents = try YAMLDocument.all(in: Array("a: 1\n---\n- b\n--- \n---\n# end\n".utf8))
    #expect(documents.map(\.value) == [["a": 1], ["b"], nil, nil])
    #expect(documents[1].position == YAMLPosition(line: 2, column: 1))
    #expect(try YAMLDocument.all(in: []).isEmpty)
  }

  @Test func places() throws {
    let document = try YAMLDocument(parsing: "a:\n  b: &x\n    - c\n  'd/e': *x\n")
    #expect(document.positions[.root] == YAMLPosition(line: 1, column: 1))
    #expect(document.positions[.root / "a"] == YAMLPosition(line: 1, column: 1))
    #expect(document.positions[.root / "a" / "b"] == YAMLPosition(line: 2, column: 3))
    #expect(document.positions[.root / "a" / "b" / 0] == YAMLPosition(line: 3, column: 7))
    #expect(document.positions[.root / "a" / "d/e"] == YAMLPosition(line: 4, column: 3))
  }

  @Test func aBillionLaughs() {
    var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let error = #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: text) }
    #expect(error?.code == .tooLarge)
    let long =
      "a: &a \(String(repeating: "x", count: 1 << 20))\nb: [\(Array(repeating: "*a", count: 40).joined(separator: ","))]"
    #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: long) }
  }

  @Test func depths() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try YAMLDocument(parsing: nested(128))
    #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: nested(129)) }
    #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: nested(100_000)) }
    // By aliases too: each level doubles the depth of the one before.
    var text = "a0: &a0 [[[[[[[[1]]]]]]]]\n"
    for level in 1...20 { text += "a\(level): &a\(level) [[[[[[[[*a\(level - 1)]]]]]]]]\n" }
    let error = #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: text) }
    #expect(error?.code == .tooDeep)
    let limits = YAMLLimits(bytes: 10)
    #expect(throws: YAMLError.self) { _ = try YAMLDocument(parsing: "a: 12345678", limits: limits) }
  }
}
