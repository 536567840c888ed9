import ArgumentParser
import Catalog
import EmbeddedPlatform
import EngineExecutor
import FoundationEssentials
import HTTP
import Model
import Settings
import Sidecar

/// What is wired to what. Nothing is opened or contacted before the first call that needs it.
struct Composition: Sendable {
  let settings: Settings
  let defaultProject: String
  let catalog: Catalog
  let executor: EngineExecutor
  let platform: EmbeddedPlatform
  private let transport: HTTPTransport

  /// What the command line says; environment and settings file stand behind it.
  init(platform: String? = nil, project: String? = nil) throws {
    let environment = ProcessInfo.processInfo.environment
    let options = SettingsOptions(platform: platform, project: project)
    settings = try SettingsFile.load(environment: environment, options: options)
    guard settings.platform.value == .local else {
      let reason =
        settings.platform.origin == .standard
        ? "an endpoint of Core is set (\(settings.core.endpoint?.origin.description ?? ""))"
        : "\(settings.platform.origin) says so"
      throw ValidationError(
        """
        There is no platform "\(settings.platform.value.rawValue)" in this version; there is: local. It was chosen \
        because \(reason); --platform local runs on this machine.
        """
      )
    }
    defaultProject = settings.project?.value ?? "default"
    catalog = Catalog(path: settings.local.catalog.value)
    transport = HTTPTransport()
    executor = EngineExecutor(
      configuration: EngineConfiguration(
        choice: EngineConfiguration.Choice(rawValue: settings.local.engine.value.rawValue) ?? .auto,
        socket: settings.local.socket?.value,
        environment: environment,
        stateDirectory: SettingsFile.stateHome(environment)
      ),
      transport: transport
    )
    self.platform = EmbeddedPlatform(
      catalog: catalog,
      executor: executor,
      stopGraceSeconds: settings.local.stopGraceSeconds.value
    )
  }

  var registry: MethodRegistry { MethodRegistry(defaultProject: defaultProject, platform: platform) }

  /// Lets launches get as far as the engine, then closes what was opened.
  func close(drainSeconds: Double) {
    Blocking.run {
      await platform.drain(seconds: drainSeconds)
      await platform.close()
      await executor.shutdown()
      await transport.shutdown()
      await catalog.close()
    }
  }
}
