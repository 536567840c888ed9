import ArgumentParser

/// The options that every command takes which may need a platform. The environment stands behind each.
struct CompositionOptions: ParsableArguments {
  @Option(help: "Where runs go: local. Without it DH_SIDECAR_PLATFORM, then local.")
  var platform: String?

  @Option(help: "The project of calls that name none. Without it DH_SIDECAR_PROJECT, then default.")
  var project: String?

  func composition() throws -> Composition { try Composition(platform: platform, project: project) }
}
