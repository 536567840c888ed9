import Testing

@testable import Settings

@Suite struct DHCoreFileTests {
  private static func file(_ text: String) -> DHCoreFile { DHCoreFile(parsing: Array(text.utf8)) }

  /// What each file says, and what Python 3.11's configparser (interpolation=None, strict=False) made of it; empty values
  /// are left out.
  private static let readings: [(name: String, text: String, values: [(String, String, String)])] = [
    ("plain", "[a]\nk = v\n", [("a", "k", "v")]),
    ("tight", "[a]\nk=v\n", [("a", "k", "v")]),
    ("colon", "[a]\nk : v\n", [("a", "k", "v")]),
    ("first delimiter wins", "[a]\nk: v = w\n", [("a", "k", "v = w")]),
    ("first delimiter wins, equals", "[a]\nk = v : w\n", [("a", "k", "v : w")]),
    ("upper key", "[a]\nK = v\n", [("a", "k", "v")]),
    ("mixed case", "[a]\nDHCORE_Endpoint = v\n", [("a", "dhcore_endpoint", "v")]),
    ("spaces around", "[a]\nk =   v  \t\n", [("a", "k", "v")]),
    ("tabs", "[a]\nk\t=\tv\n", [("a", "k", "v")]),
    ("empty value", "[a]\nk =\n", []),
    ("no inline comments", "[a]\nk = v ; no comment\n", [("a", "k", "v ; no comment")]),
    ("no inline comments, hash", "[a]\nk = v # no comment\n", [("a", "k", "v # no comment")]),
    ("comments", "# c\n; d\n[a]\n# e\nk = v\n; f\n", [("a", "k", "v")]),
    ("indented comment", "[a]\n  # indented comment\nk = v\n", [("a", "k", "v")]),
    ("continuation", "[a]\nk = v\n  w\n", [("a", "k", "v\nw")]),
    ("continuation after nothing", "[a]\nk =\n  v\n", [("a", "k", "\nv")]),
    (
      "continuations with an empty line", "[a]\nk = v\n\tw\n\n  x\nl = m\n", [("a", "k", "v\nw\n\nx"), ("a", "l", "m")]
    ),
    ("comment inside a value", "[a]\nk = v\n  # c\n  w\n", [("a", "k", "v\nw")]),
    ("all indented", "[a]\n  k = v\n  l = w\n", [("a", "k", "v"), ("a", "l", "w")]),
    ("indented with continuation", "[a]\n  k = v\n    more\n  l = w\n", [("a", "k", "v\nmore"), ("a", "l", "w")]),
    ("indented key is continuation", "[a]\nk = v\n  l = w\n", [("a", "k", "v\nl = w")]),
    ("indented header is continuation", "[a]\nk = v\n  [b]\n", [("a", "k", "v\n[b]")]),
    ("empty lines", "[a]\n\n\nk = v\n\n\n", [("a", "k", "v")]),
    ("no line break at the end", "\n\n[a]\nk = v", [("a", "k", "v")]),
    ("CRLF", "[a]\r\nk = v\r\nl = w\r\n", [("a", "k", "v"), ("a", "l", "w")]),
    ("CR", "[a]\rk = v\rl = w\r", [("a", "k", "v"), ("a", "l", "w")]),
    ("default behind", "[DEFAULT]\nk = d\n[a]\nl = w\n", [("a", "l", "w"), ("a", "k", "d")]),
    ("default overridden", "[DEFAULT]\nk = d\n[a]\nk = v\n", [("a", "k", "v")]),
    ("default at the end", "[a]\nl = w\n[DEFAULT]\nk = d\n", [("a", "l", "w"), ("a", "k", "d")]),
    ("section twice", "[a]\nk = v\n[a]\nk = w\n", [("a", "k", "w")]),
    ("key twice", "[a]\nk = v\nk = w\n", [("a", "k", "w")]),
    (
      "section in two parts", "[a]\nk = v\n[b]\nk = x\n[a]\nl = w\n",
      [("a", "k", "v"), ("a", "l", "w"), ("b", "k", "x")]
    ),
    ("after the header", "[a] trailing\nk = v\n", [("a", "k", "v")]),
    ("spaces in the header", "[ a ]\nk = v\n", [(" a ", "k", "v")]),
    ("bracket in the header", "[a]b]\nk = v\n", [("a]b", "k", "v")]),
    ("headers have case", "[A]\nk = v\n[a]\nk = w\n", [("A", "k", "v"), ("a", "k", "w")]),
    ("brackets in a value", "[a]\nk = [v]\n", [("a", "k", "[v]")]),
    ("quotes stay", "[a]\nk = \"v\"\n", [("a", "k", "\"v\"")]),
    ("percent", "[a]\nk = 100%\n", [("a", "k", "100%")]),
    ("no interpolation", "[a]\nk = %(l)s\nl = w\n", [("a", "k", "%(l)s"), ("a", "l", "w")]),
    ("base64 ending", "[a]\nk = v=\n", [("a", "k", "v=")]),
    ("url", "[a]\nk = http://h:80/p?q=1#f\n", [("a", "k", "http://h:80/p?q=1#f")]),
    ("space in key", "[a]\nk l = v\n", [("a", "k l", "v")]),
    ("not ASCII", "[a]\nk = é中\n", [("a", "k", "é中")]),
    ("nothing", "", []),
    ("only a comment", "# only\n", []),
    ("empty section", "[a]\n", []),
    ("line of spaces", "[a]\nk = v\n \n", [("a", "k", "v")]),
    ("equals twice", "[a]\nk==v\n", [("a", "k", "=v")]),
  ]

  @Test(arguments: readings.indices)
  func aFileIsReadAsConfigparserReadsIt(index: Int) {
    let (name, text, values) = Self.readings[index]
    let file = Self.file(text)
    #expect(file.faults.isEmpty, "\(name)")
    for (profile, key, value) in values {
      #expect(file.entry([key], profile: profile)?.value == value, "\(name)")
      #expect(file.entry([key.uppercased()], profile: profile)?.value == value, "\(name)")
    }
    #expect(Set(file.profiles).isSuperset(of: values.map(\.0)), "\(name)")
    for profile in file.profiles {
      let keys = Set(
        file.sections.filter { $0.name == profile || $0.name == "DEFAULT" }.flatMap { $0.options.map(\.key) }
      )
      let found = keys.filter { file.entry([$0], profile: profile) != nil }
      #expect(found.count == values.filter { $0.0 == profile }.count, "\(name)")
    }
  }

  /// Whatever the file, only what is asked for changes.
  @Test(arguments: readings.indices)
  func settingChangesNothingElse(index: Int) {
    let (name, text, values) = Self.readings[index]
    let before = Self.file(text)
    let bytes = before.setting([("k", "new"), ("added", "new too")], profile: "a")
    let after = DHCoreFile(parsing: bytes)
    #expect(after.faults.isEmpty, "\(name)")
    #expect(after.entry(["k"], profile: "a")?.value == "new", "\(name)")
    #expect(after.entry(["added"], profile: "a")?.value == "new too", "\(name)")
    for (profile, key, value) in values where !(profile == "a" && key == "k") {
      #expect(after.entry([key], profile: profile)?.value == value, "\(name)")
    }
    #expect(after.profiles.filter { $0 != "a" } == before.profiles.filter { $0 != "a" }, "\(name)")
    let comments = text.split(whereSeparator: \.isNewline).filter { $0.contains("#") && !$0.contains("=") }
    let result = String(decoding: bytes, as: UTF8.self)
    for comment in comments { #expect(result.contains(comment), "\(name)") }
    #expect(after.setting([("k", "new"), ("added", "new too")], profile: "a") == bytes, "\(name): again")
  }

  private static let rewritings:
    [(name: String, before: String, values: [(key: String, value: String)], after: String)] = [
      ("replaced", "[p]\na = 1\nb = 2\n", [("a", "9")], "[p]\na = 9\nb = 2\n"),
      ("spelling kept", "[p]\nDHCORE_A:1\n", [("dhcore_a", "9")], "[p]\nDHCORE_A:9\n"),
      ("spaces kept", "[p]\na   =\t1  \n", [("a", "9")], "[p]\na   =\t9  \n"),
      ("empty filled", "[p]\na =\nb=\n", [("a", "9"), ("b", "8")], "[p]\na = 9\nb= 8\n"),
      ("same value", "[p]\na = 1\n  2\n", [("a", "1\u{0}")], "[p]\na = 1\u{0}\n"),
      ("nothing to do", "[p]\na=1", [("a", "1")], "[p]\na=1"),
      ("added", "[p]\na = 1\n\n[q]\na = 1\n", [("b", "2")], "[p]\na = 1\nb = 2\n\n[q]\na = 1\n"),
      ("added to nothing", "[p]\n[q]\n", [("b", "2")], "[p]\nb = 2\n[q]\n"),
      ("added at the open end", "[p]\na = 1", [("b", "2"), ("c", "3")], "[p]\na = 1\nb = 2\nc = 3"),
      ("added before comments", "[p]\na = 1\n# c\n[q]\n", [("b", "2")], "[p]\na = 1\nb = 2\n# c\n[q]\n"),
      ("indented like its neighbour", "[p]\n  a = 1\n  [q]\n", [("b", "2")], "[p]\n  a = 1\n  b = 2\n  [q]\n"),
      ("after a continuation", "[p]\na = 1\n  x\n# c\n", [("b", "2")], "[p]\na = 1\n  x\nb = 2\n# c\n"),
      ("continuation goes", "[p]\na = 1\n  x\n # c\n  y\nb = 2\n", [("a", "9")], "[p]\na = 9\n # c\nb = 2\n"),
      ("the last of two", "[p]\na = 1\na = 2\n", [("a", "9")], "[p]\na = 1\na = 9\n"),
      ("CRLF", "[p]\r\na = 1\r\n", [("a", "9"), ("b", "2")], "[p]\r\na = 9\r\nb = 2\r\n"),
      ("other profiles", "[o]\na = 1\n[p]\na = 1\n[q]\na = 1\n", [("a", "9")], "[o]\na = 1\n[p]\na = 9\n[q]\na = 1\n"),
      ("not [DEFAULT]", "[DEFAULT]\na = 1\n[p]\n", [("a", "9")], "[DEFAULT]\na = 1\n[p]\na = 9\n"),
      ("new profile", "[o]\na = 1\n", [("a", "9")], "[o]\na = 1\n\n[p]\na = 9\n"),
      ("new profile at an open end", "[o]\na = 1", [("a", "9")], "[o]\na = 1\n\n[p]\na = 9\n"),
      ("new file", "", [("a", "9")], "[DEFAULT]\ncurrent_environment = p\n\n[p]\na = 9\n"),
      ("no line breaks", "[p]\na = 1\n", [("a", "9\n[q]"), ("b", "\r")], "[p]\na = 1\n"),
    ]

  @Test(arguments: rewritings.indices)
  func rewritingIsExact(index: Int) {
    let (name, before, values, after) = Self.rewritings[index]
    let bytes = Self.file(before).setting(values, profile: "p")
    #expect(String(decoding: bytes, as: UTF8.self) == after, "\(name)")
  }

  @Test(
    arguments: [
      ("k = v\n[a]\n", [1]), ("[a]\nword\nk = v\n", [2]), ("[a]\n= v\n", [2]), ("[]\n", [1]), ("[a]\n[b\nk = v\n", [2]),
    ]
  )
  func aLineThatCannotBeUnderstoodIsNamed(text: String, lines: [Int]) {
    #expect(Self.file(text).faults.map(\.line) == lines)
  }

  @Test func lines() {
    let file = Self.file("\u{FEFF}# c\n[DEFAULT]\ncurrent_environment = p\n\n[p]\na = 1\n")
    #expect(file.currentProfile == DHCoreFile.Entry(value: "p", line: 3))
    #expect(file.entry(["x", "a"], profile: "p")?.line == 6)
    #expect(file.entry(["a"], profile: "q") == nil)
    #expect(file.entry(["current_environment"], profile: "q") == nil)
  }

  /// Every SDK on the machine has to find the new token, by the keys that it knows.
  @Test(
    arguments: [
      ("[p]\n", "access_token", ["dhcore_access_token"]),
      ("[p]\nDHCORE_ACCESS_TOKEN = x\n", "access_token", ["dhcore_access_token"]),
      ("[p]\naccess_token = x\n", "access_token", ["access_token"]),
      ("[p]\naccess_token = x\n", "refresh_token", ["refresh_token"]),
      ("[p]\naccess_token = x\ndhcore_access_token = x\n", "access_token", ["dhcore_access_token", "access_token"]),
      ("[p]\nDHCORE_ENDPOINT = x\nclient_id = c\n", "issuer", ["issuer"]),
      ("[p]\naccess_token = x\n", "expires_in", ["expires_in"]),
      ("[p]\n", "aws_access_key_id", ["aws_access_key_id"]), ("[q]\naccess_token = x\n", "issuer", ["dhcore_issuer"]),
    ]
  )
  func keysOfBothGenerations(text: String, member: String, keys: [String]) {
    #expect(Self.file(text).keys(of: member, profile: "p") == keys)
  }

  @Test func nothingOfItIsPrinted() {
    let file = Self.file("[p]\ndhcore_access_token = geheim\n")
    var dumped = ""
    dump(file, to: &dumped)
    #expect(!"\(file) \(String(reflecting: file)) \(dumped)".contains("geheim"))
  }

  @Test(
    arguments: [
      ("A=1", "1"), ("export A=1", "1"), ("A = 1 # c", "1"), ("A='1 # x'", "1 # x"), ("A=\"1\\\"2\"", "1\"2"),
      ("A=", nil),
      ("#A=1", nil), ("A", nil), ("B=1\nA=2\nA=3\r\n", "3"), ("A=x#y", "x#y"), ("A=\"1\\n2\"", "1\n2"),
      ("A='it\\'s'", "it's"),
    ] as [(String, String?)]
  )
  func dotEnv(text: String, value: String?) {
    #expect(DotEnvFile(parsing: Array(text.utf8))["A"]?.value == value)
  }
}
