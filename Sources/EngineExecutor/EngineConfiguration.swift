/// Which engine to use, as settings and command line say.
package struct EngineConfiguration: Sendable, Hashable {
  package enum Choice: String, Sendable, CaseIterable { case auto, podman, docker }
  package var choice: Choice
  /// Path of a unix socket, with or without `unix://`. Where given, nothing else is tried.
  package var socket: String?
  package var environment: [String: String]
  /// Where a private socket may be made when XDG_RUNTIME_DIR is not set.
  package var stateDirectory: String
  /// Where the ports of NodePort and LoadBalancer services are published.
  package var address: String
  /// After so many ends in a row a program is begun no more.
  package var restartLimit: Int
  /// Whether volumes may be folders and files of this machine.
  package var allowsHostPaths: Bool

  package init(
    choice: Choice = .auto,
    socket: String? = nil,
    environment: [String: String],
    stateDirectory: String,
    address: String = "127.0.0.1",
    restartLimit: Int = 5,
    allowsHostPaths: Bool = false
  ) {
    self.allowsHostPaths = allowsHostPaths
    self.choice = choice
    self.socket = socket
    self.environment = environment
    self.stateDirectory = stateDirectory
    self.address = address
    self.restartLimit = restartLimit
  }

  /// Sockets to try, in order, each with how it was found.
  var candidates: [(path: String, source: String)] {
    if let socket { return [(Self.path(socket), "settings")] }
    var found: [(String, String)] = []
    for name in choice == .podman ? ["CONTAINER_HOST", "DOCKER_HOST"] : ["DOCKER_HOST", "CONTAINER_HOST"] {
      if let value = environment[name], !value.isEmpty { found.append((Self.path(value), name)) }
    }
    let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 }
    let podman = ["/run/podman/podman.sock"] + (runtime.map { [$0 + "/podman/podman.sock"] } ?? [])
    var docker = ["/var/run/docker.sock"] + (runtime.map { [$0 + "/docker.sock"] } ?? [])
    if let home = environment["HOME"] { docker.append(home + "/.docker/run/docker.sock") }
    if choice != .docker { found += podman.map { ($0, "usual socket") } }
    if choice != .podman { found += docker.map { ($0, "usual socket") } }
    return found
  }

  private static func path(_ text: String) -> String {
    text.hasPrefix("unix://") ? String(text.dropFirst(7)) : text
  }
}
