import JSON
import Model
import Testing

@testable import KubernetesExecutor

@Suite struct AccessTests {
  static let first = """
    apiVersion: v1
    kind: Config
    current-context: dev
    clusters:
      - name: c1
        cluster: {server: "https://one:6443/", certificate-authority: ca.crt, tls-server-name: inside}
      - name: c2
        cluster: {server: "https://two", certificate-authority-data: Y2E=, insecure-skip-tls-verify: true}
    users:
      - name: certified
        user: {client-certificate: certs/me.crt, client-key-data: a2V5, client-key: other.key}
      - name: both
        user: {token: t1, tokenFile: /elsewhere}
    contexts:
      - name: dev
        context: {cluster: c1, user: certified, namespace: team}
      - name: lost
        context: {cluster: nowhere, user: both}
      - name: nobody
        context: {cluster: c2, user: missing}
    """
  static let second = """
    current-context: prod
    clusters:
      - {name: c1, cluster: {server: "https://not-this-one"}}
    users:
      - {name: filed, user: {tokenFile: token}}
      - name: plugin
        user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a], env: [{name: A, value: b}]}}
      - name: old
        user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: login}}
    contexts:
      - {name: prod, context: {cluster: c2, user: filed}}
      - {name: plugged, context: {cluster: c2, user: plugin}}
      - {name: outdated, context: {cluster: c2, user: old}}
      - {name: basic, context: {cluster: c1, user: both}}
    """

  private static func locator(
    _ files: [String: String],
    context: String? = nil,
    environment: [String: String] = ["KUBECONFIG": "/a/first:/b/second"],
    kubeconfig: String? = nil,
    namespace: String? = nil
  ) -> AccessLocator {
    AccessLocator(kubeconfig: kubeconfig, context: context, namespace: namespace, environment: environment) {
      files[$0].map { Array($0.utf8) }
    }
  }

  static let both = ["/a/first": first, "/b/second": second]

  @Test func theFirstFileThatSaysSomethingCounts() throws {
    let access = try Self.locator(Self.both).access()
    #expect(access.context == "dev" && access.namespace == "team" && access.server == "https://one:6443")
    #expect(access.authority == .file("/a/ca.crt") && access.serverName == "inside" && !access.isInsecure)
    #expect(access.clientCertificate == .file("/a/certs/me.crt") && access.clientKey == .bytes(Array("key".utf8)))
    #expect(access.credential == .none && access.foundBy == "/a/first:/b/second")
  }

  @Test func anotherContext() throws {
    let access = try Self.locator(Self.both, context: "prod", namespace: "mine").access()
    #expect(access.server == "https://two" && access.isInsecure && access.namespace == "mine")
    #expect(access.authority == .bytes(Array("ca".utf8)) && access.credential == .tokenFile("/b/token"))
    #expect(try Self.locator(Self.both, context: "basic").access().credential == .token("t1"))
  }

  @Test func anExecPlugin() throws {
    guard case .exec(let plugin) = try Self.locator(Self.both, context: "plugged").access().credential else {
      Issue.record("no plugin")
      return
    }
    #expect(plugin.command == "/b/bin/login" && plugin.arguments == ["a"])
    #expect(plugin.environment == [.init(name: "A", value: "b")])
  }

  @Test(arguments: [
    ("lost", "`nowhere`"), ("nobody", "`missing`"), ("dve", "Did you mean `dev`?"), ("outdated", "v1alpha1"),
  ])
  func whatIsWrongIsNamed(context: String, words: String) {
    let error = #expect(throws: SidecarError.self) { try Self.locator(Self.both, context: context).access() }
    #expect(error?.code == .invalidSettings)
    #expect("\(error?.message ?? "") \(error?.hint ?? "")".contains(words), "\(String(describing: error))")
  }

  @Test func whereItIsLookedFor() throws {
    let home = ["HOME": "/home/me"]
    #expect(try Self.locator(["/home/me/.kube/config": Self.first], environment: home).access().context == "dev")
    #expect(try Self.locator(["/x": Self.first], environment: home, kubeconfig: "/x").access().context == "dev")
    // Of several files some may be missing; one that is named by itself has to be there.
    #expect(try Self.locator(["/b/second": Self.second], context: "prod").access().context == "prod")
    let missing = #expect(throws: SidecarError.self) {
      try Self.locator([:], environment: home, kubeconfig: "/x").access()
    }
    #expect(missing?.message.contains("/x") == true)
    let nowhere = #expect(throws: SidecarError.self) { try Self.locator([:], environment: home).access() }
    #expect(nowhere?.message.contains("/home/me/.kube/config") == true)
    let wrong = #expect(throws: SidecarError.self) {
      try Self.locator(["/x": "a: [1"], environment: home, kubeconfig: "/x").access()
    }
    #expect(wrong?.message.contains("line") == true)
  }

  @Test func inAPod() throws {
    let folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    let files = [folder + "/token": "t", folder + "/namespace": "ns"]
    let environment = ["HOME": "/root", "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
    let access = try Self.locator(files, environment: environment).access()
    #expect(access.server == "https://[fd00::1]:443" && access.namespace == "ns")
    #expect(access.credential == .tokenFile(folder + "/token") && access.authority == .file(folder + "/ca.crt"))
  }
}
