import ArgumentParser
import Catalog
import EmbeddedPlatform
import EngineExecutor
import JSON
import Model
import Settings
import Sidecar

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what was found on this machine, and how to mend what is missing.",
    discussion: """
      Looks for the container engine, the catalog and the configuration. Exit codes: 0 a job could be run; 1 something \
      is missing, and the text says how to mend it.
      """
  )

  @OptionGroup var options: CompositionOptions

  func run() throws {
    let composition = try options.composition()
    let isWell = Blocking.run { await Self.examine(composition) }
    composition.close(drainSeconds: 0)
    throw ExitCode(isWell ? 0 : 1)
  }

  private static func examine(_ composition: Composition) async -> Bool {
    print("dh-sidecar \(SidecarVersion.current), platform \(composition.platform.kind.rawValue)")
    print("project   \(composition.defaultProject) (where a call names none)")
    let file = composition.settings.file
    print(
      "settings  \(file.value)\(composition.settings.fileExists ? "" : ", not there: no need of one") (\(file.origin))"
    )
    for setting in composition.settings.report where setting.name != "config" {
      print("          \(setting.name): \(setting.value) (\(setting.origin))")
    }
    var isWell = true
    do {
      let version = try await composition.catalog.check()
      print("catalog   \(composition.catalog.path), version \(version)")
    } catch {
      isWell = false
      print("catalog   \(composition.catalog.path): \(describe(error))")
    }
    do {
      let engine = try await composition.executor.describe()
      print("engine    found")
      for (name, value) in engine where name != "tried" {
        print("          \(name): \(value.stringValue ?? value.text())")
      }
    } catch {
      isWell = false
      print("engine    none that answers: \(describe(error))")
    }
    print("looked at")
    for attempt in await composition.executor.attempts() {
      let words = (attempt.objectValue ?? [:]).map { "\($0.name): \($0.value.stringValue ?? $0.value.text())" }
      print("          " + words.joined(separator: ", "))
    }
    print(isWell ? "All is well: jobs can be run." : "Mend what is said above, then ask again.")
    return isWell
  }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? SidecarError else { return "\(error)" }
    return ([error.message] + [error.cause, error.hint].compactMap { $0 }).joined(separator: "\n          ")
  }
}
