import JSON
import Model
import Settings
import Testing

@testable import EmbeddedPlatform

@Suite struct RunProfileTests {
  private static let profiles = [
    "small": Settings.Profile(
      name: "small",
      description: nil,
      parameters: [
        "resources": ["requests": ["cpu": "1"], "limits": ["mem": "1Gi", "cpu": "2"]],
        "tolerations": [["key": "a"]],
      ],
      origin: .standard
    )
  ]

  @Test(
    arguments: [
      (["image": "i"], ["image": "i"]),
      (
        ["profile": "small"],
        [
          "profile": "small", "resources": ["requests": ["cpu": "1"], "limits": ["mem": "1Gi", "cpu": "2"]],
          "tolerations": [["key": "a"]],
        ]
      ),
      (
        ["profile": "small", "resources": ["limits": ["mem": "2Gi"], "disk": "1Gi"], "tolerations": []],
        [
          "profile": "small",
          "resources": ["limits": ["mem": "2Gi", "cpu": "2"], "disk": "1Gi", "requests": ["cpu": "1"]],
          "tolerations": [],
        ]
      ),
    ] as [(JSONObject, JSONObject)]
  )
  func filling(_ spec: JSONObject, _ wanted: JSONObject) throws {
    #expect(JSONValue.object(try RunProfile(spec, among: Self.profiles).spec) == .object(wanted))
  }

  @Test(arguments: [
    ("smal", "Did you mean `small`?"), ("other-thing", "There are small; see listProfiles."),
  ])
  func anUnknownOne(_ name: String, _ hint: String) {
    let error = #expect(throws: SidecarError.self) {
      try RunProfile(["profile": .string(name)], among: Self.profiles)
    }
    #expect(error?.code == .profileNotFound && error?.hint == hint)
  }

  @Test func whatTheProfileSaidIsShownAsItsOwn() throws {
    let profile = try RunProfile(["profile": "small", "replicas": 1], among: Self.profiles)
    #expect(profile.shown(Fault(pointer: "/tolerations/0", rule: "r", message: "m")).pointer == "/profile")
    #expect(profile.shown(Fault(pointer: "/replicas", rule: "r", message: "m")).pointer == "/replicas")
  }

  @Test func whatTheRunSaidOfAnAmountIsItsOwn() throws {
    let given: JSONObject = ["profile": "small", "resources": ["limits": ["mem": "2Gi"]]]
    let profile = try RunProfile(given, among: Self.profiles)
    for (pointer, shown) in [
      ("/resources/limits/mem", "/resources/limits/mem"), ("/resources/limits/cpu", "/profile"),
      ("/resources/requests/cpu", "/profile"), ("/resources", "/profile"),
    ] {
      #expect(profile.shown(Fault(pointer: pointer, rule: "r", message: "m")).pointer == shown)
    }
  }
}
