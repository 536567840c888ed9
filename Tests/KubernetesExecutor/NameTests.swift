import Model
import Testing

@testable import KubernetesExecutor

@Suite struct NameTests {
  static let inputs: [[String]] = [
    ["dh", "a-b", "c"], ["dh", "a", "b-c"], ["dh", "a", "b", "c"], ["dh", "A", "b"], ["dh", "a", "B"],
    ["dh", "a_", "b"],
    ["dh", "a.", "b"], ["dh", "", "a"], ["dh", "a", ""], ["Größe"], ["groesse"], ["-"], ["--"], [""], ["1"], ["x1"],
    [String(repeating: "a", count: 64)], [String(repeating: "a", count: 65)], [String(repeating: "a", count: 63)],
    ["dh", String(repeating: "p", count: 256), "v"], ["dh", String(repeating: "p", count: 256), "w"], ["名前"], ["なまえ"],
    ["data"], ["Data"], ["data!"], ["data?"],
  ]

  @Test(arguments: inputs)
  func isADNSLabelThatAServiceTakesToo(parts: [String]) {
    let name = ObjectName.of(parts)
    #expect(NameRules.isDNSLabel(name), "\(name)")
    #expect(name.first?.isLetter == true || parts == ["1"], "\(name)")
  }

  @Test func differentInputsNeverCollide() {
    let names = Self.inputs.map(ObjectName.of)
    #expect(Set(names).count == names.count, "\(names)")
  }

  @Test(arguments: inputs)
  func labelValuesAreAccepted(parts: [String]) {
    let value = ObjectName.labelValue(parts.joined())
    #expect(value.utf8.count <= 63)
    #expect(value.isEmpty || value.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?/) != nil, "\(value)")
  }

  @Test func aRunsNamesAreReadable() {
    let id = "0123456789abcdef0123456789abcdef"
    #expect(ObjectName.run(id) == "dh-\(id)")
    #expect(ObjectName.run(id, "secrets") == "dh-\(id)-secrets")
  }

  /// What Kubernetes does with commands, arguments and variables (third_party/forked/golang/expansion, Expand): `$$` is
  /// `$`, `$(X)` the value of X where it is known.
  private static func expanded(_ text: String, _ variables: [String: String]) -> String {
    var result = ""
    var rest = Substring(text)
    while let character = rest.first {
      rest = rest.dropFirst()
      guard character == "$", let next = rest.first else {
        result.append(character)
        continue
      }
      if next == "$" {
        result.append("$")
        rest = rest.dropFirst()
      } else if next == "(", let end = rest.firstIndex(of: ")") {
        let name = String(rest[rest.index(after: rest.startIndex)..<end])
        result += variables[name] ?? "$(\(name))"
        rest = rest[rest.index(after: end)...]
      } else {
        result.append("$")
        result.append(next)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  @Test(arguments: [
    "plain", "$HOME", "$(RUN_ID)", "$$(RUN_ID)", "$$", "$$$", "$$$(RUN_ID)", "a$", "$(", "$()", "$(OTHER) $(RUN_ID)",
    "",
    "echo $((1+2)) $(date) $$", "ü$(RUN_ID)ü",
  ])
  func whatIsWrittenArrivesAsItStands(text: String) {
    #expect(Self.expanded(LiteralText.escaped(text), ["RUN_ID": "replaced"]) == text)
  }

  @Test func passedThroughInEitherSpelling() {
    let snake: [String: String] = [
      "node_affinity": "nodeAffinity", "nodeAffinity": "nodeAffinity", "topology_key": "topologyKey", "key": "key",
    ]
    for (given, wanted) in snake { #expect(PassedThrough.camelCased([given: 1]) == [wanted: 1]) }
    #expect(
      PassedThrough.camelCased([
        "label_selector": ["match_labels": ["my_app": "x"], "match_expressions": [["key": "a_b"]]]
      ])
        == ["labelSelector": ["matchLabels": ["my_app": "x"], "matchExpressions": [["key": "a_b"]]]]
    )
  }

  @Test func cursorsComeBack() throws {
    var cursor = PodLogCursor()
    #expect(try PodLogCursor(parsing: cursor.text) == cursor)
    cursor.places = ["dh-1-x": .init(time: 5, given: 2), "dh-1-y": .init(time: 7, given: 1)]
    #expect(try PodLogCursor(parsing: cursor.text) == cursor)
    for wrong in ["", "e2.1.1.1.1", "k1:a", "k1:a=1", "k1:a=x.1"] {
      #expect(throws: SidecarError.self) { try PodLogCursor(parsing: wrong) }
    }
  }
}
