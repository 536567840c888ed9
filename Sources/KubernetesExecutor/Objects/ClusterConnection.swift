import FoundationEssentials
import HTTP
import Model
import Synchronization

/// The way to one cluster: found when it is needed first, and found again when its credentials are refused.
actor ClusterConnection {
  private let locator: AccessLocator
  private let knownNamespace = Mutex<String?>(nil)
  private let proxies: ProxyRules
  private var current: (access: ClusterAccess, client: KubernetesClient)?

  init(locator: AccessLocator, environment: [String: String]) {
    self.locator = locator
    proxies = HTTPConfiguration(environment: environment).proxies
  }

  /// Of all objects: what the kubeconfig says, without asking the cluster; `default` where nothing says it.
  nonisolated var namespace: String {
    knownNamespace.withLock { known in
      if let known { return known }
      let found = (try? locator.access())?.namespace ?? locator.namespace ?? "default"
      known = found
      return found
    }
  }

  /// Throws `invalid_settings`, or `untrusted_server` where a certificate can't be read.
  func client() async throws(SidecarError) -> KubernetesClient {
    if let current { return current.client }
    let access = try locator.access()
    let client = KubernetesClient(
      access: access,
      transport: HTTPTransport(try configuration(access)),
      authorization: try authorization(access)
    )
    current = (access, client)
    return client
  }

  /// After a 401 to this client: whatever the files say now.
  func renewed(after rejected: KubernetesClient) async throws(SidecarError) -> KubernetesClient {
    if let current, current.client.authorization == rejected.authorization {
      self.current = nil
      // Streams of the old one end by themselves.
      await current.client.transport.shutdown()
    }
    return try await client()
  }

  func shutdown() async {
    await current?.client.transport.shutdown()
    current = nil
  }

  private func configuration(_ access: ClusterAccess) throws(SidecarError) -> HTTPConfiguration {
    var configuration = HTTPConfiguration()
    configuration.proxies = proxies
    if let authority = access.authority { configuration.authorities = try bytes(authority) }
    if let certificate = access.clientCertificate, let key = access.clientKey {
      configuration.identity = .init(certificates: try bytes(certificate), key: try bytes(key))
    }
    configuration.checksServer = !access.isInsecure
    return configuration
  }

  private func authorization(_ access: ClusterAccess) throws(SidecarError) -> String? {
    switch access.credential {
    case .none: return nil
    case .token(let token): return "Bearer " + token
    case .tokenFile(let path):
      return "Bearer " + String(decoding: try bytes(.file(path)), as: UTF8.self).filter { !$0.isWhitespace }
    case .basic(let user, let password):
      return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    case .exec(let plugin):
      throw Kubeconfig.fault(plugin.file, "exec plugins (\(plugin.command)) are not run yet")
    }
  }

  private func bytes(_ material: ClusterAccess.Material) throws(SidecarError) -> [UInt8] {
    switch material {
    case .bytes(let bytes): return bytes
    case .file(let path):
      guard let bytes = locator.read(path) else {
        throw SidecarError(
          .invalidSettings,
          "The kubeconfig names the file \(path), which can't be read.",
          hint: "Put it there, or log in to the cluster again."
        )
      }
      return bytes
    }
  }
}
