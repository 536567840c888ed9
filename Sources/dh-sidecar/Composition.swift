import ArgumentParser
import Catalog
import EmbeddedPlatform
import EngineExecutor
import FoundationEssentials
import HTTP
import Model
import Sidecar

/// What is wired to what. Nothing is opened or contacted before the first call that needs it.
struct Composition: Sendable {
  let defaultProject: String
  let catalog: Catalog
  let executor: EngineExecutor
  let platform: EmbeddedPlatform
  private let transport: HTTPTransport

  /// What the command line says; the environment stands behind it.
  init(platform: String? = nil, project: String? = nil) throws {
    let environment = ProcessInfo.processInfo.environment
    let name = platform ?? environment["DH_SIDECAR_PLATFORM"] ?? PlatformKind.local.rawValue
    guard name == PlatformKind.local.rawValue else {
      throw ValidationError("There is no platform \"\(name)\" in this version; there is: local.")
    }
    let stateHome = environment["XDG_STATE_HOME"] ?? (environment["HOME"] ?? "/tmp") + "/.local/state"
    let state = stateHome + "/dh-sidecar"
    defaultProject = project ?? environment["DH_SIDECAR_PROJECT"] ?? "default"
    catalog = Catalog(path: environment["DH_SIDECAR_CATALOG"] ?? state + "/catalog.db")
    transport = HTTPTransport()
    executor = EngineExecutor(
      configuration: EngineConfiguration(environment: environment, stateDirectory: stateHome),
      transport: transport
    )
    self.platform = EmbeddedPlatform(catalog: catalog, executor: executor)
  }

  var registry: MethodRegistry { MethodRegistry(defaultProject: defaultProject, platform: platform) }

  /// Lets launches get as far as the engine, then closes what was opened.
  func close(drainSeconds: Double) {
    Blocking.run {
      await platform.drain(seconds: drainSeconds)
      await executor.shutdown()
      await transport.shutdown()
      await catalog.close()
    }
  }
}
