import Glibc
import HTTP
import JSON
import Model

/// Finds the engine, once; again when it was lost. Keeps what it tried, for `doctor` and for errors.
actor EngineLocator {
  struct Attempt: Sendable, Hashable {
    var place: String
    var source: String
    var outcome: String
  }

  private let configuration: EngineConfiguration
  private let transport: HTTPTransport
  private var found: Engine?
  private var service: PodmanService?
  private(set) var attempts: [Attempt] = []

  init(configuration: EngineConfiguration, transport: HTTPTransport) {
    self.configuration = configuration
    self.transport = transport
  }

  func client() async throws -> EngineClient {
    if let found { return EngineClient(engine: found, transport: transport) }
    attempts = []
    for (path, source) in configuration.candidates {
      if let engine = await probe(path, source) { return remember(engine) }
    }
    if configuration.choice != .docker, configuration.socket == nil, let engine = await startPodman() {
      return remember(engine)
    }
    throw unavailable()
  }

  /// The next call looks again.
  func forget(_ engine: Engine) { if found == engine { found = nil } }

  func shutdown() {
    service?.end()
    service = nil
    found = nil
  }

  func unavailable(cause: String? = nil) -> SidecarError {
    let tried = attempts.map { "\($0.place) (\($0.source)): \($0.outcome)" }.joined(separator: "; ")
    return SidecarError(
      .engineUnavailable,
      "No container engine answers. Tried: \(tried.isEmpty ? "nothing" : tried)",
      hint: "install podman (apt-get install podman) or start dockerd, or set DOCKER_HOST=unix:///path/to/socket",
      cause: cause
    )
  }

  private func remember(_ engine: Engine) -> EngineClient {
    found = engine
    return EngineClient(engine: engine, transport: transport)
  }

  private func probe(_ path: String, _ source: String) async -> Engine? {
    func note(_ outcome: String) { attempts.append(Attempt(place: path, source: source, outcome: outcome)) }
    guard path.hasPrefix("/") else {
      note("only unix sockets are supported")
      return nil
    }
    guard access(path, F_OK) == 0 else {
      note("no such socket")
      return nil
    }
    let request = HTTPRequest(
      "GET",
      HTTPRequest.unixURL(socket: path, path: "/_ping"),
      timeout: .seconds(5)
    )
    do {
      let response = try await transport.send(request)
      _ = try await response.body(limit: 65536)
      guard response.isSuccess else {
        note("answers /_ping with status \(response.status)")
        return nil
      }
      let libpod = response.header("Libpod-Api-Version")
      if configuration.choice == .podman, libpod == nil {
        note("answers, but is not Podman")
        return nil
      }
      if configuration.choice == .docker, libpod != nil {
        note("answers, but is Podman")
        return nil
      }
      note("answers")
      return Engine(
        socket: path,
        foundBy: source,
        apiVersion: response.header("Api-Version") ?? "",
        libpodVersion: libpod
      )
    } catch {
      note("does not answer: " + ((error as? HTTPError)?.message ?? "\(error)"))
      return nil
    }
  }

  private func startPodman() async -> Engine? {
    do {
      let service = try PodmanService.start(configuration)
      self.service?.end()
      self.service = service
      for _ in 0..<250 {
        if access(service.socket, F_OK) == 0, let engine = await probe(service.socket, "podman system service") {
          return engine
        }
        if service.hasEnded { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      attempts.append(
        Attempt(place: service.socket, source: "podman system service", outcome: "ended at once: \(service.lastWords)")
      )
    } catch {
      attempts.append(
        Attempt(place: "podman", source: "PATH", outcome: (error as? SidecarError)?.message ?? "\(error)")
      )
    }
    return nil
  }
}
