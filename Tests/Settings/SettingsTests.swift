import Foundation
import JSON
import Model
import Testing

@testable import Settings

@Suite struct SettingsTests {
  private static let path = "/etc/x/config.yaml"

  private func settings(
    _ file: String?,
    _ environment: [String: String] = [:],
    _ options: SettingsOptions = SettingsOptions()
  ) throws -> Settings {
    var environment = environment
    environment["HOME"] = environment["HOME"] ?? "/home/ann"
    return try Settings(
      file: file.map { Array($0.utf8) },
      path: Setting(Self.path, from: .standard),
      environment: environment,
      options: options
    )
  }

  private func line(_ line: Int) -> SettingOrigin { .file(path: Self.path, line: line) }

  @Test(arguments: [nil, "", "# nothing\n", "local:\n", "{}", "local: {}\nprofiles: {}\n"])
  func nothingSaid(file: String?) throws {
    let settings = try settings(file)
    #expect(settings.fileExists == (file != nil))
    #expect(settings.platform == Setting(.local, from: .standard))
    #expect(settings.project == nil)
    #expect(settings.profiles.isEmpty)
    #expect(settings.local.engine == Setting(.auto, from: .standard))
    #expect(settings.local.socket == nil)
    #expect(settings.local.address == Setting("127.0.0.1", from: .standard))
    #expect(settings.local.allowHostPaths == Setting(false, from: .standard) && settings.local.ttlSeconds == nil)
    #expect(settings.local.catalog == Setting("/home/ann/.local/state/dh-sidecar/catalog.db", from: .standard))
    #expect(settings.core.endpoint == nil)
  }

  private static let full = """
    platform: kubernetes
    project: demo
    profiles:
      big:
        description: many cores
        resources: {cpu: "8", memory: 16Gi}
        node_selector: {disk: ssd}
        tolerations:
          - key: gpu
            operator: Exists
        affinity: {nodeAffinity: {}}
        runtime_class: nvidia
        priority_class: high
      empty: {}
    local:
      engine: podman
      socket: run/podman.sock
      address: 192.0.2.1
      allow_host_paths: true
      catalog: ~/c.db
      stop_grace_seconds: 0
      restart_limit: 2
      ttl_seconds: 3600
    kubernetes:
      kubeconfig: /k
      context: c
      namespace: n
    core:
      endpoint: https://core
    """

  @Test func everythingSaid() throws {
    let settings = try settings(Self.full)
    #expect(settings.platform == Setting(.kubernetes, from: line(1)))
    #expect(settings.project == Setting("demo", from: line(2)))
    #expect(settings.profiles.keys.sorted() == ["big", "empty"])
    let big = try #require(settings.profiles["big"])
    #expect(big.origin == line(4) && big.description == "many cores")
    #expect(big.parameters["node_selector"] == [["key": "disk", "value": "ssd"]])
    #expect(big.parameters["resources"] == ["requests": ["cpu": "8", "mem": "16Gi"]])
    #expect(big.parameters["tolerations"] == [["key": "gpu", "operator": "Exists"]])
    #expect(big.parameters["runtime_class"] == "nvidia" && big.parameters["priority_class"] == "high")
    #expect(settings.local.engine == Setting(.podman, from: line(16)))
    #expect(settings.local.socket == Setting("/etc/x/run/podman.sock", from: line(17)))
    #expect(settings.local.address == Setting("192.0.2.1", from: line(18)))
    #expect(settings.local.allowHostPaths == Setting(true, from: line(19)))
    #expect(settings.local.catalog == Setting("/home/ann/c.db", from: line(20)))
    #expect(settings.local.stopGraceSeconds == Setting(0, from: line(21)))
    #expect(settings.local.restartLimit == Setting(2, from: line(22)))
    #expect(settings.local.ttlSeconds == Setting(3600, from: line(23)))
    #expect(settings.kubernetes.namespace == Setting("n", from: line(27)))
    #expect(settings.core.endpoint == Setting("https://core", from: line(29)))
    #expect(settings.report.contains { $0.name == "local.engine" && "\($0.origin)" == "\(Self.path), line 16" })
  }

  @Test func theLaterOneWins() throws {
    let environment = [
      "DH_SIDECAR_PLATFORM": "core", "DH_SIDECAR_PROJECT": "env", "DH_SIDECAR_CATALOG": "env.db",
      "DH_SIDECAR_ENGINE": "docker", "DH_SIDECAR_SOCKET": "/env.sock", "DHCORE_ENDPOINT": "https://env",
    ]
    let fromEnvironment = try settings(Self.full, environment)
    #expect(fromEnvironment.platform == Setting(.core, from: .environment("DH_SIDECAR_PLATFORM")))
    #expect(fromEnvironment.project == Setting("env", from: .environment("DH_SIDECAR_PROJECT")))
    #expect(fromEnvironment.local.catalog == Setting("env.db", from: .environment("DH_SIDECAR_CATALOG")))
    #expect(fromEnvironment.local.engine == Setting(.docker, from: .environment("DH_SIDECAR_ENGINE")))
    #expect(fromEnvironment.local.socket == Setting("/env.sock", from: .environment("DH_SIDECAR_SOCKET")))
    #expect(fromEnvironment.core.endpoint == Setting("https://env", from: .environment("DHCORE_ENDPOINT")))
    let options = SettingsOptions(
      platform: "local",
      project: "flag",
      catalog: "flag.db",
      engine: "auto",
      socket: "~/flag.sock"
    )
    let fromFlags = try settings(Self.full, environment, options)
    #expect(fromFlags.platform == Setting(.local, from: .commandLine("--platform")))
    #expect(fromFlags.project == Setting("flag", from: .commandLine("--project")))
    #expect(fromFlags.local.catalog == Setting("flag.db", from: .commandLine("--catalog")))
    #expect(fromFlags.local.engine == Setting(.auto, from: .commandLine("--engine")))
    #expect(fromFlags.local.socket == Setting("/home/ann/flag.sock", from: .commandLine("--socket")))
    let empty = environment.mapValues { _ in "" }
    #expect(try settings(Self.full, empty).project == Setting("demo", from: line(2)))
  }

  @Test func anEndpointChoosesCore() throws {
    #expect(try settings("core: {endpoint: https://x}").platform == Setting(.core, from: .standard))
    #expect(try settings(nil, ["DHCORE_ENDPOINT": "https://x"]).platform == Setting(.core, from: .standard))
    let chosen = try settings("core: {endpoint: https://x}", [:], SettingsOptions(platform: "local"))
    #expect(chosen.platform.value == .local)
  }

  @Test(
    arguments: [
      ("platfrom: local", ["/platfrom"], "line 1", "platform"),
      ("# c\nlocal:\n  engnie: podman", ["/local/engnie"], "line 3", "engine"),
      ("local:\n  engine: docke", ["/local/engine"], "line 2", "docker"),
      ("local:\n  allow_host_paths: yes", ["/local/allow_host_paths"], "line 2", nil),
      ("platform: mars\nlocal: 3\nx: 1", ["/local", "/platform", "/x"], "line 3", nil),
      ("local:\n  stop_grace_seconds: -1", ["/local/stop_grace_seconds"], "line 2", nil),
      ("local:\n  restart_limit: 0", ["/local/restart_limit"], "line 2", nil),
      ("project: a/b", ["/project"], "line 1", nil),
      ("local:\n  address: here", ["/local/address"], "line 2", nil),
      ("local:\n  address: 1.2.3.256", ["/local/address"], "line 2", nil),
      ("profiles:\n  big:\n    resorces: {}", ["/profiles/big/resorces"], "line 3", "resources"),
      ("profiles:\n  big:\n    resources:\n      cpu: lots", ["/profiles/big/resources/cpu"], "line 4", nil),
      ("profiles:\n  big:\n    image: x", ["/profiles/big/image"], "line 3", nil),
      ("a: b: c", [""], "line 1", nil), ("- a", [""], "line 1", nil), ("a: 1\na: 2", [""], "line 2", nil),
      ("kubernetes:\n  namespace: A_B", ["/kubernetes/namespace"], "line 2", nil),
    ] as [(String, [String], String, String?)]
  )
  func faults(file: String, pointers: [String], line: String, hint: String?) {
    let error = #expect(throws: SidecarError.self) { _ = try settings(file) }
    #expect(error?.code == .invalidSettings)
    #expect(error?.faults.map(\.pointer).sorted() == pointers, "\(error as Any)")
    #expect(error?.faults.contains { $0.message.contains(line) } == true, "\(error as Any)")
    #expect(error?.message.contains(Self.path) == true)
    if let hint { #expect(error?.hint?.contains(hint) == true, "\(error as Any)") }
  }

  @Test func otherPlacesAreNamedToo() {
    let options = SettingsOptions(project: "a b")
    let error = #expect(throws: SidecarError.self) {
      _ = try settings(nil, ["DH_SIDECAR_PLATFORM": "kubernets"], options)
    }
    #expect(error?.faults.contains { $0.message.contains("DH_SIDECAR_PLATFORM: `kubernets`") } == true)
    #expect(error?.faults.contains { $0.message.contains("--project: `a b`") } == true)
    #expect(error?.hint?.isEmpty == false)
    #expect(error?.faults.contains { $0.hint == "Did you mean `kubernetes`?" } == true)
  }

  @Test func whereTheFileIs() throws {
    func path(_ environment: [String: String], _ config: String? = nil) -> Setting<String> {
      SettingsFile.path(environment: environment, options: SettingsOptions(config: config))
    }
    #expect(path(["HOME": "/h"]) == Setting("/h/.config/dh-sidecar/config.yaml", from: .standard))
    let xdg = ["HOME": "/h", "XDG_CONFIG_HOME": "/x", "XDG_STATE_HOME": "/s"]
    #expect(path(xdg).value == "/x/dh-sidecar/config.yaml")
    #expect(path(["HOME": "/h", "XDG_CONFIG_HOME": "relative"]).value == "/h/.config/dh-sidecar/config.yaml")
    #expect(SettingsFile.stateDirectory(xdg) == "/s/dh-sidecar")
    let named = xdg.merging(["DH_SIDECAR_CONFIG": "c.yaml"]) { $1 }
    #expect(path(named) == Setting("c.yaml", from: .environment("DH_SIDECAR_CONFIG")))
    #expect(path(named, "d.yaml") == Setting("d.yaml", from: .commandLine("--config")))
  }

  @Test func aFileThatWasNamedMustBeThere() throws {
    let directory = FileManager.default.temporaryDirectory.path + "/settings-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory + "/dh-sidecar", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let environment = ["XDG_CONFIG_HOME": directory, "HOME": directory]
    #expect(try SettingsFile.load(environment: environment, options: SettingsOptions()).fileExists == false)
    let file = directory + "/dh-sidecar/config.yaml"
    try "project: p\n".write(toFile: file, atomically: true, encoding: .utf8)
    let loaded = try SettingsFile.load(environment: environment, options: SettingsOptions())
    #expect(loaded.project == Setting("p", from: .file(path: file, line: 1)))
    for missing in [directory + "/none.yaml", directory, "/dev/zero"] {
      let error = #expect(throws: SidecarError.self) {
        _ = try SettingsFile.load(environment: environment, options: SettingsOptions(config: missing))
      }
      #expect(error?.code == .invalidSettings)
      #expect(error?.message.contains(missing) == true)
    }
  }
}
