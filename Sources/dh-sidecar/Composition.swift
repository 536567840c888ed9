import Catalog
import EmbeddedPlatform
import EngineExecutor
import FoundationEssentials
import HTTP
import Sidecar
import Synchronization

/// What is wired to what. Nothing is opened or contacted before the first call that needs it.
final class Composition: Sendable {
  private struct Parts {
    let platform: EmbeddedPlatform
    let catalog: Catalog
    let executor: EngineExecutor
    let transport: HTTPTransport
  }

  private let parts = Mutex<Parts?>(nil)

  var registry: MethodRegistry {
    let environment = ProcessInfo.processInfo.environment
    return MethodRegistry(defaultProject: environment["DH_SIDECAR_PROJECT"] ?? "default") { self.made().platform }
  }

  /// Lets launches get as far as the engine, then closes what was opened.
  func close(drainSeconds: Double) {
    guard let parts = parts.withLock({ $0 }) else { return }
    Blocking.run {
      await parts.platform.drain(seconds: drainSeconds)
      await parts.executor.shutdown()
      await parts.transport.shutdown()
      await parts.catalog.close()
    }
  }

  private func made() -> Parts {
    parts.withLock { parts in
      if let parts { return parts }
      let environment = ProcessInfo.processInfo.environment
      let stateHome = environment["XDG_STATE_HOME"] ?? (environment["HOME"] ?? "/tmp") + "/.local/state"
      let state = stateHome + "/dh-sidecar"
      let transport = HTTPTransport()
      let executor = EngineExecutor(
        configuration: EngineConfiguration(environment: environment, stateDirectory: state),
        transport: transport
      )
      let catalog = Catalog(path: environment["DH_SIDECAR_CATALOG"] ?? state + "/catalog.db")
      let made = Parts(
        platform: EmbeddedPlatform(catalog: catalog, executor: executor),
        catalog: catalog,
        executor: executor,
        transport: transport
      )
      parts = made
      return made
    }
  }
}
