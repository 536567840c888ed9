import FoundationEssentials
import JSON
import Model

/// Finds the cluster as kubectl does: the settings' kubeconfig, KUBECONFIG (several files, merged), ~/.kube/config, and in
/// a pod its service account.
package struct AccessLocator: Sendable {
  package var kubeconfig: String?
  package var context: String?
  package var namespace: String?
  package var environment: [String: String]
  /// The content of a file; nil where there is none.
  package var read: @Sendable (String) -> [UInt8]?

  static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

  package init(
    kubeconfig: String?,
    context: String?,
    namespace: String?,
    environment: [String: String],
    read: @escaping @Sendable (String) -> [UInt8]? = { FileManager.default.contents(atPath: $0).map { Array($0) } }
  ) {
    self.kubeconfig = kubeconfig
    self.context = context
    self.namespace = namespace
    self.environment = environment
    self.read = read
  }

  /// Throws `invalid_settings` that says where was looked, or what is wrong with what is there.
  package func access() throws(SidecarError) -> ClusterAccess {
    var config = Kubeconfig()
    for path in paths {
      // As kubectl: of several files some may be missing. One that was named by itself has to be there.
      guard let bytes = read(path) else {
        if paths.count > 1 || path == standardPath { continue }
        throw Kubeconfig.fault(path, "it is not there, or can't be read")
      }
      try config.merge(bytes, file: path)
    }
    var access: ClusterAccess
    if config.files.isEmpty, let pod = try inCluster() {
      access = pod
    } else if config.files.isEmpty {
      throw SidecarError(
        .invalidSettings,
        "No cluster is configured: there is no \(paths.joined(separator: ", no ")).",
        hint: "Set KUBECONFIG, or kubernetes.kubeconfig in the settings."
      )
    } else {
      access = try ClusterAccess(config, context: context, foundBy: config.files.joined(separator: ":"))
    }
    if let namespace { access.namespace = namespace }
    return access
  }

  private var paths: [String] {
    if let kubeconfig { return [kubeconfig] }
    let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
    return named.isEmpty ? [standardPath] : named
  }

  private var standardPath: String { (environment["HOME"] ?? "") + "/.kube/config" }

  private func inCluster() throws(SidecarError) -> ClusterAccess? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"],
      read(Self.serviceAccount + "/token") != nil
    else { return nil }
    let namespace = read(Self.serviceAccount + "/namespace").map { String(decoding: $0, as: UTF8.self) }
    return ClusterAccess(
      inCluster: host,
      port: port,
      folder: Self.serviceAccount,
      namespace: namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
    )
  }
}
