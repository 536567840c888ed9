import ArgumentParser
import Model

/// The options that every command takes which may need a platform. The environment stands behind each.
struct CompositionOptions: ParsableArguments {
  @Option(
    help:
      "Where runs go: local or core. Without it DH_SIDECAR_PLATFORM, the settings, core where its endpoint is set, then local."
  )
  var platform: String?

  @Option(
    help:
      "The project of calls that name none. Without it DH_SIDECAR_PROJECT, the settings, then default (on Core none)."
  )
  var project: String?

  /// Throws a `SidecarError` where the settings have a fault.
  func made() throws -> Composition { try Composition(platform: platform, project: project) }

  /// Throws what is wrong with the settings as a text for a person.
  func composition() throws -> Composition {
    do {
      return try made()
    } catch let error as SidecarError {
      throw Explanation(error)
    }
  }

  private struct Explanation: Error, CustomStringConvertible {
    let description: String

    init(_ error: SidecarError) {
      let faults = error.faults.map { fault in "\n  \(fault.message)" + (fault.hint.map { " \($0)" } ?? "") }
      description = error.message + (faults.isEmpty ? error.hint.map { "\n  \($0)" } ?? "" : faults.joined())
    }
  }
}
