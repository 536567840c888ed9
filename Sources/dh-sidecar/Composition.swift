import ArgumentParser
import Catalog
import CorePlatform
import EmbeddedPlatform
import EngineExecutor
import FoundationEssentials
import HTTP
import KubernetesExecutor
import Model
import Platform
import Settings
import Sidecar

/// What is wired to what. Nothing is opened or contacted before the first call that needs it.
struct Composition: Sendable {
  /// The chosen platform, with what belongs to it alone. A new platform is a case here.
  enum Place: Sendable {
    case local(LocalPlace)
    case kubernetes(KubernetesPlace)
    case core(CorePlatform)
  }

  struct KubernetesPlace: Sendable {
    let catalog: Catalog
    let executor: KubernetesExecutor
    let platform: EmbeddedPlatform
  }

  struct LocalPlace: Sendable {
    let catalog: Catalog
    let executor: EngineExecutor
    let platform: EmbeddedPlatform
  }

  let settings: Settings
  let place: Place
  /// Where calls run; nil: on the process's common threads.
  let executor: EventLoopExecutor?
  private let transport: HTTPTransport

  /// What the command line says; environment and settings file stand behind it.
  init(platform: String? = nil, project: String? = nil) throws {
    let environment = Environment.variables
    let options = SettingsOptions(platform: platform, project: project)
    settings = try SettingsFile.load(environment: environment, options: options)
    switch settings.platform.value {
    case .local:
      executor = nil
      transport = HTTPTransport()
      place = .local(Self.local(settings, environment, transport))
    case .core:
      let executor = EventLoopExecutor()
      self.executor = executor
      transport = HTTPTransport(
        HTTPConfiguration(environment: environment, extraCAFile: settings.core.caFile?.value),
        executor: executor
      )
      place = .core(
        try CorePlatform(
          settings.core,
          environment: environment,
          workingDirectory: FileManager.default.currentDirectoryPath,
          transport: transport,
          warn: { Descriptor.write("dh-sidecar: \($0)\n", to: 2) }
        )
      )
    case .kubernetes:
      executor = nil
      transport = HTTPTransport()
      place = .kubernetes(Self.kubernetes(settings, environment))
    }
  }

  private static func local(
    _ settings: Settings,
    _ environment: [String: String],
    _ transport: HTTPTransport
  ) -> LocalPlace {
    let catalog = Catalog(path: settings.local.catalog.value)
    let executor = EngineExecutor(
      configuration: EngineConfiguration(
        choice: EngineConfiguration.Choice(rawValue: settings.local.engine.value.rawValue) ?? .auto,
        socket: settings.local.socket?.value,
        environment: environment,
        stateDirectory: SettingsFile.stateHome(environment),
        address: settings.local.address.value,
        restartLimit: settings.local.restartLimit.value,
        allowsHostPaths: settings.local.allowHostPaths.value
      ),
      transport: transport
    )
    let platform = EmbeddedPlatform(
      catalog: catalog,
      executor: executor,
      stopGraceSeconds: settings.local.stopGraceSeconds.value,
      profiles: settings.profiles,
      ttlSeconds: settings.local.ttlSeconds?.value
    )
    return LocalPlace(catalog: catalog, executor: executor, platform: platform)
  }

  private static func kubernetes(_ settings: Settings, _ environment: [String: String]) -> KubernetesPlace {
    let catalog = Catalog(path: settings.local.catalog.value)
    var configuration = KubernetesConfiguration()
    configuration.stopGraceSeconds = settings.local.stopGraceSeconds.value
    configuration.namespace = settings.kubernetes.namespace?.value ?? configuration.namespace
    let executor = KubernetesExecutor(
      configuration: configuration,
      locator: AccessLocator(
        kubeconfig: settings.kubernetes.kubeconfig?.value,
        context: settings.kubernetes.context?.value,
        namespace: settings.kubernetes.namespace?.value,
        environment: environment
      ),
      environment: environment
    )
    let platform = EmbeddedPlatform(
      catalog: catalog,
      executor: executor,
      stopGraceSeconds: settings.local.stopGraceSeconds.value,
      profiles: settings.profiles
    )
    return KubernetesPlace(catalog: catalog, executor: executor, platform: platform)
  }

  var platform: any Platform {
    switch place {
    case .local(let local): local.platform
    case .kubernetes(let kubernetes): kubernetes.platform
    case .core(let core): core
    }
  }

  /// Of calls that name none; Core has none by itself.
  var defaultProject: String? {
    switch place {
    case .local, .kubernetes: settings.project?.value ?? "default"
    case .core: settings.project?.value
    }
  }

  var registry: MethodRegistry { MethodRegistry(defaultProject: defaultProject, platform: platform) }

  /// Lets launches get as far as the engine, then closes what was opened.
  func close(drainSeconds: Double) {
    Blocking.run {
      switch place {
      case .local(let local):
        await local.platform.drain(seconds: drainSeconds)
        await local.platform.close()
        await local.executor.shutdown()
        await transport.shutdown()
        await local.catalog.close()
      case .kubernetes(let kubernetes):
        await kubernetes.platform.drain(seconds: drainSeconds)
        await kubernetes.platform.close()
        await kubernetes.executor.shutdown()
        await kubernetes.catalog.close()
      case .core(let core):
        await core.close()
        await transport.shutdown()
      }
    }
  }
}
