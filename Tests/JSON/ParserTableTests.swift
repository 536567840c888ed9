import JSON
import Testing

/// What RFC 8259 accepts and refuses. Accepted documents must also survive writing and parsing again.
@Suite("Parser table")
struct ParserTableTests {
  static let values = [
    "null", "true", "false", "0", "1", "-1", "9", "10", "-10", "123456789", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "-0",
    "0.0", "-0.0", "0.5", "1.5", "10.25", "1e0", "1E0", "1e+1", "1e-1", "1E+10", "0e0", "0e+1", "1.5e10", "1.5E-300",
    "1e400", "-1e-400", "0.1000000000000000055511151231257827", #""""#, #""a""#, #""abcdefgh""#, #""abcdefghi""#,
    #""\"""#, #""\\""#, #""\/""#, #""\b\f\n\r\t""#, #""\u0000""#, #""\u001f""#, #""\u0041""#, #""\u00e9""#,
    #""\u00E9""#, #""\u20AC""#, #""\uD83D\uDE00""#, #""\ud83d\ude00""#, #""\uDBFF\uDFFF""#, #""\uFFFF""#,
    #""\uFFFE""#, #""é""#, #""€""#, #""😀""#, "\"\u{10FFFF}\"", "\"\u{7F}\"", "\"\u{2028}\u{2029}\"",
    #""/*no comment*/""#, #""a,b]}""#, "[]", "{}", #"{"":0}"#,
  ]

  static let syntaxFaults = [
    "", " ", "nul", "nulL", "Null", "NULL", "True", "False", "tru", "truee", "fals", "None", "undefined", "NaN", "-NaN",
    "Infinity", "-Infinity", "inf", "+1", "01", "00", "-01", "-", "--1", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1e-",
    "1E", "0x10", "0b1", "1_000", "1,5", "1 2", "0.", "1.2.3", "1e1.5", "1e1e1", "- 1", "1a", "١", "1d", "1f", "'a'",
    #"""#, #""a"#, #""\"#, #""\""#, #""\a""#, #""\x41""#, #""\u""#, #""\u1""#, #""\u12""#, #""\u123""#, #""\u12G4""#,
    #""\U0041""#, #""\u{41}""#, #""\uD800""#, #""\uDC00""#, #""\uD800\uD800""#, #""\uD800a""#, #""\uD800\n""#,
    #""\uDFFF\uD800""#, #""\0""#, #""\'""#, "\"\n\"", "\"\t\"", "\"\r\"", "\"\u{0}\"", "\"\u{1F}\"",
    "\"abcdefgh\u{1}\"", #""a"b"#, #""a""b""#, "a", "`a`", "[", "]", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1,,2]",
    "[1 2]", "[1;2]", "[1:2]", "[}", "[1}", "[[]", "[]]", "(1)", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#,
    #"{"a":1,}"#, #"{,}"#, #"{,"a":1}"#, #"{"a" 1}"#, #"{"a"=1}"#, #"{"a"::1}"#, #"{a:1}"#, #"{'a':1}"#, #"{1:1}"#,
    #"{null:1}"#, #"{"a":1 "b":2}"#, #"{"a":1,,"b":2}"#, #"{"a":1;"b":2}"#, #"{"a":1}}"#, #"{"a":1}{}"#, "[] []",
    "1 //c", "/*c*/1", "# c\n1", "1\u{A0}", "\u{A0}1", "\u{2028}1", "\u{B}1", "\u{C}1", "1\u{0}", "\u{0}", ",", ":",
    "<a/>", "*", "\\", "$", "@", "~", "!", "{}x", "[1]x", "\"\"x", "null,",
  ]

  /// In each of these places a value is a document, so the table multiplies.
  static let places: [(String, String)] = [
    ("", ""), (" \t\r\n", "\n "), ("[", "]"), ("[0, ", " ,0]"), (#"{"k":"#, "}"),
  ]

  @Test("Accepted, in every place", arguments: values)
  func accepted(value: String) throws {
    for (before, after) in Self.places {
      let parsed = try JSONValue(parsing: before + value + after)
      #expect(try JSONValue(parsing: parsed.serialized()) == parsed)
      #expect(try JSONValue(parsing: parsed.text(.golden)) == parsed)
      #expect(!parsed.serialized().contains(0x0A))
    }
  }

  @Test("Refused, alone and in an object", arguments: syntaxFaults)
  func refused(text: String) {
    #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
    #expect(throws: JSONParseError.self) { try JSONValue(parsing: #"{"k":"# + text + "}") }
  }

  /// RFC 8259, section 13.
  @Test("The RFC's examples")
  func examples() throws {
    let image = try JSONValue(
      parsing: """
        {
          "Image": {
              "Width":  800,
              "Height": 600,
              "Title":  "View from 15th Floor",
              "Thumbnail": {
                  "Url":    "http://www.example.com/image/481989943",
                  "Height": 125,
                  "Width":  100
              },
              "Animated" : false,
              "IDs": [116, 943, 234, 38793]
            }
        }
        """
    )["Image"]
    #expect(image?["Width"] == 800 && image?["Animated"] == false && image?["Thumbnail"]?["Height"] == 125)
    #expect(image?["Title"] == "View from 15th Floor" && image?["IDs"] == [116, 943, 234, 38793])
    let cities = try JSONValue(
      parsing: """
        [
          { "precision": "zip", "Latitude":  37.7668, "Longitude": -122.3959, "Address":   "", "City": "SAN FRANCISCO",
            "State": "CA", "Zip": "94107", "Country": "US" },
          { "precision": "zip", "Latitude":  37.371991, "Longitude": -122.026020, "Address":   "", "City": "SUNNYVALE",
            "State": "CA", "Zip": "94085", "Country": "US" }
        ]
        """
    )
    #expect(cities.arrayValue?.map { $0["City"] } == ["SAN FRANCISCO", "SUNNYVALE"])
    #expect(cities.arrayValue?.last?["Longitude"] == .number(JSONNumber(uncheckedLiteral: "-122.026020")))
    #expect(try [#""Hello world!""#, "42", "true"].map { try JSONValue(parsing: $0) } == ["Hello world!", 42, true])
  }

  @Test("Canonical texts are equal where the values are, whatever their order")
  func canonical() throws {
    let value = try JSONValue(parsing: #"{"b":{"é":1,"z":[{"y":0,"x":"\u0001\""}]},"a":1.50,"":null}"#)
    #expect(value.text(.canonical) == #"{"":null,"a":1.50,"b":{"z":[{"x":"\u0001\"","y":0}],"é":1}}"#)
    let pretty = value.text(.golden)
    #expect(pretty.hasPrefix("{\n  \"\": null,\n  \"a\": 1.50,\n  \"b\": {\n"))
    #expect(try JSONValue(parsing: #"{"a":[],"b":{}}"#).text(.readable) == "{\n  \"a\": [],\n  \"b\": {}\n}")
  }

  @Test("The table is not small")
  func size() { #expect(Self.values.count * Self.places.count + Self.syntaxFaults.count * 2 >= 300) }

  @Test(
    "Invalid UTF-8 is refused",
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
      [0xE2, 0x82], [0xE2, 0x41, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
      [0xFE], [0xFF], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]]
  )
  func invalidUTF8(bytes: [UInt8]) {
    for padding in 0..<9 {
      let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22]
      let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
      #expect(error?.code == .invalidUTF8)
      #expect(error?.offset == padding + 1)
    }
  }

  @Test(
    "Duplicate keys are refused, whatever their spelling",
    arguments: [
      #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"\/":1,"/":2}"#, #"{"é":1,"\u00e9":2}"#,
      #"{"😀":1,"\uD83D\uDE00":2}"#, #"[{"x":{"":1,"":2}}]"#,
      "{" + (0..<40).map { "\"k\($0)\":0," }.joined() + #""k7":1}"#,
    ]
  )
  func duplicates(text: String) {
    let error = #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
    #expect(error?.code == .duplicateKey)
  }

  @Test("Names that only Unicode finds equal are two names")
  func canonicalEquivalence() throws {
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
  }

  @Test("Limits hold exactly")
  func limits() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue(parsing: nested(128))
    let deep = #expect(throws: JSONParseError.self) { try JSONValue(parsing: nested(129)) }
    #expect(deep?.code == .tooDeep)
    let objects = String(repeating: #"{"a":"#, count: 129)
    #expect(throws: JSONParseError.self) { try JSONValue(parsing: objects) }
    _ = try JSONValue(parsing: "[[],[],[]]", limits: JSONLimits(depth: 2))
    _ = try JSONValue(parsing: "12345", limits: JSONLimits(bytes: 5))
    let large = #expect(throws: JSONParseError.self) {
      try JSONValue(parsing: "123456", limits: JSONLimits(bytes: 5))
    }
    #expect(large?.code == .tooLarge)
  }

  @Test("Other encodings get a message that says so")
  func encodings() {
    let mark = #expect(throws: JSONParseError.self) { try JSONValue(parsing: [0xEF, 0xBB, 0xBF, 0x31]) }
    #expect(mark?.message.contains("byte order mark") == true)
    let wide = #expect(throws: JSONParseError.self) { try JSONValue(parsing: [0x7B, 0, 0x7D, 0]) }
    #expect(wide?.message.contains("UTF-16") == true)
  }

  @Test("Numbers are exact", arguments: ["-0", "1.0", "1e400", "9223372036854775808", "-9223372036854775809"])
  func literals(text: String) throws {
    #expect(try JSONValue(parsing: text) == .number(JSONNumber(uncheckedLiteral: text)))
    #expect(try JSONValue(parsing: text).text() == text)
  }

  @Test("Every cut of a document is refused")
  func cuts() {
    let bytes = Array(#"{"a":[1.5e3,"é\u00e9\uD83D\uDE00",{"b":null}],"c":true}"#.utf8)
    for end in bytes.indices {
      #expect(throws: JSONParseError.self, "cut at \(end)") { try JSONValue(parsing: bytes[..<end]) }
    }
  }
}
