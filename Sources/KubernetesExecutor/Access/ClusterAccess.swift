import FoundationEssentials
import JSON
import Model

/// How to reach a cluster, and as whom: one context of the kubeconfig, resolved. Holds credentials: never printed.
package struct ClusterAccess: Sendable, Hashable {
  /// Bytes that stand in the file, or a file of their own, which may be replaced while we run.
  package enum Material: Sendable, Hashable {
    case bytes([UInt8])
    case file(String)
  }

  package enum Credential: Sendable, Hashable {
    case none
    case token(String)
    /// Read anew whenever it may have changed: projected tokens live for an hour.
    case tokenFile(String)
    case basic(user: String, password: String)
    case exec(ExecPlugin)
  }

  /// `https://host:port`, without a slash at the end.
  package var server: String
  package var context: String?
  package var namespace: String
  package var authority: Material?
  package var isInsecure = false
  package var serverName: String?
  package var proxy: String?
  package var clientCertificate: Material?
  package var clientKey: Material?
  package var credential = Credential.none
  /// Where it was found, for `doctor`.
  package var foundBy: String

  /// `context`: nil for the current one. Throws `invalid_settings` that names what is missing and where.
  package init(_ config: Kubeconfig, context wanted: String?, foundBy: String) throws(SidecarError) {
    let known = config.contexts.keys.sorted()
    guard let name = wanted ?? config.currentContext else {
      throw Self.missing(
        "No context is chosen in \(config.files.joined(separator: ", ")).",
        known.isEmpty
          ? "`kubectl config set-context` makes one."
          : "Name one as kubernetes.context: \(known.joined(separator: ", "))."
      )
    }
    guard let entry = config.contexts[name] else {
      let near = EditDistance.nearest(to: name, among: known).map { "Did you mean `\($0)`? " } ?? ""
      throw Self.missing(
        "The kubeconfig has no context `\(name)`.",
        near + (known.isEmpty ? "It has none." : "It has \(known.joined(separator: ", ")).")
      )
    }
    guard let clusterName = entry.value["cluster"]?.stringValue, let cluster = config.clusters[clusterName] else {
      let named = entry.value["cluster"]?.stringValue ?? ""
      throw Self.missing(
        "The context `\(name)` names the cluster `\(named)`, which is not there.",
        "Mend \(entry.file)."
      )
    }
    guard let server = cluster.value["server"]?.stringValue, !server.isEmpty else {
      throw Self.missing("The cluster `\(clusterName)` has no server.", "Mend \(cluster.file).")
    }
    self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    self.context = name
    self.foundBy = foundBy
    namespace = entry.value["namespace"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
    authority = Self.material("certificate-authority", cluster)
    isInsecure = cluster.value["insecure-skip-tls-verify"] == true
    serverName = Self.text("tls-server-name", cluster)
    proxy = Self.text("proxy-url", cluster)
    guard let userName = entry.value["user"]?.stringValue, !userName.isEmpty else { return }
    guard let user = config.users[userName] else {
      throw Self.missing("The context `\(name)` names the user `\(userName)`, who is not there.", "Mend \(entry.file).")
    }
    clientCertificate = Self.material("client-certificate", user)
    clientKey = Self.material("client-key", user)
    credential = try Self.credential(user, userName)
  }

  /// As a pod has it: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod.
  package init(inCluster host: String, port: String, folder: String, namespace: String) {
    server = "https://" + (host.contains(":") ? "[\(host)]" : host) + ":" + port
    self.namespace = namespace
    authority = .file(folder + "/ca.crt")
    credential = .tokenFile(folder + "/token")
    foundBy = "service account of the pod"
  }

  private static func credential(_ user: Kubeconfig.Entry, _ name: String) throws(SidecarError) -> Credential {
    if let exec = user.value["exec"]?.objectValue { return .exec(try ExecPlugin(exec, user)) }
    if user.value["auth-provider"]?.objectValue != nil {
      throw missing(
        "The user `\(name)` has an auth-provider, which Kubernetes gave up with 1.26.",
        "Use the exec plugin that took its place."
      )
    }
    // As client-go: a token in the file itself wins over one in a file of its own.
    if let token = text("token", user) { return .token(token) }
    if let file = text("tokenFile", user) { return .tokenFile(absolute(file, user)) }
    if let name = text("username", user) { return .basic(user: name, password: text("password", user) ?? "") }
    return .none
  }

  private static func text(_ name: String, _ entry: Kubeconfig.Entry) -> String? {
    entry.value[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `NAME-data` wins over `NAME`.
  private static func material(_ name: String, _ entry: Kubeconfig.Entry) -> Material? {
    if let data = text(name + "-data", entry), let bytes = Data(base64Encoded: data.filter { !$0.isWhitespace }) {
      return .bytes(Array(bytes))
    }
    return text(name, entry).map { .file(absolute($0, entry)) }
  }

  private static func absolute(_ path: String, _ entry: Kubeconfig.Entry) -> String {
    path.hasPrefix("/") ? path : entry.folder + "/" + path
  }

  private static func missing(_ message: String, _ hint: String) -> SidecarError {
    SidecarError(.invalidSettings, message, hint: hint)
  }
}
