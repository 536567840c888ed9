import Glibc

/// One sidecar at a time chooses ports of this machine and has them taken. Two that race for one port do harm on
/// Podman: its failed start removes rules of the packet filter that the other one's port needs (netavark 1.4).
///
/// The lock is a name in the abstract namespace of unix sockets: it belongs to the network namespace, as ports do, is
/// shared by all users, and is let go of by the kernel however its holder ends.
enum PortLock {
  static let ports = "dh-sidecar-ports"
  /// For the making of networks; may be asked for by whoever holds the other one.
  static let networks = "dh-sidecar-networks"
  /// Whoever holds it for so long is not choosing ports: then it is better to go on without it.
  private static let patience = Duration.seconds(60)

  static func hold<Result>(_ name: String = ports, _ body: () async throws -> Result) async throws -> Result {
    let deadline = ContinuousClock.now + patience
    var descriptor = take(name)
    while descriptor == nil, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
      descriptor = take(name)
    }
    defer { if let descriptor { close(descriptor) } }
    return try await body()
  }

  private static func take(_ name: String) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A leading zero byte makes it abstract.
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      for (index, byte) in name.utf8.enumerated() { path[index + 1] = byte }
    }
    let length = MemoryLayout<sa_family_t>.size + 1 + name.utf8.count
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) == 0 }
    }
    if isBound { return descriptor }
    close(descriptor)
    return nil
  }
}
