import JSON
import Model

/// Everything that a run makes the engine do, in order. A value: the same for rendering and for doing.
package struct EnginePlan: Sendable {
  package var image: String
  package var pullPolicy: ImagePullPolicy
  package var pull: EngineCall?
  /// Volumes and networks, made where they are not there yet.
  package var preparations: [EngineCall] = []
  package var containers: [Container] = []
  package var build: BuildPlan?
  /// Volumes that go with the run.
  package var ownVolumes: [String] = []
  package var warnings: [Warning] = []
  /// GPUs that the machine must have before anything is created.
  package var gpus = 0
  /// Only the group was given, so the user comes from the image: `User` still holds the placeholder.
  package var needsImageUser = false

  package struct Container: Sendable {
    package var name: String
    package var create: EngineCall
    /// Set before the program starts for the first time.
    var access: [VolumeAccess] = []
    /// Puts the source in, once.
    package var source: [EngineCall] = []
    package var start: EngineCall
    /// Those of a serve, in the order of `service_ports`.
    package var ports: [PublishedPort] = []

    /// The call that makes it with these ports of the machine, in the order of `ports`.
    func create(hostPorts: [Int]) -> EngineCall {
      guard !ports.isEmpty, var host = create.body?["HostConfig"]?.objectValue else { return create }
      var call = create
      host["PortBindings"] = .object(PublishedPort.bindings(ports, chosen: hostPorts))
      call.body?["HostConfig"] = .object(host)
      return call
    }
  }

  /// In the order in which they are sent.
  package var calls: [EngineCall] {
    if let build { return build.calls }
    return [pull].compactMap(\.self) + preparations + containers.map(\.create)
      + containers.flatMap { container in container.access.map { $0.put(container.name) } + container.source }
      + containers.map(\.start)
  }
}
