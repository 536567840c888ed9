import ArgumentParser
import Catalog
import CorePlatform
import EmbeddedPlatform
import EngineExecutor
import JSON
import KubernetesExecutor
import Model
import Platform
import Settings
import Sidecar

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what was found on this machine, and how to mend what is missing.",
    discussion: """
      Looks for the configuration and, as the platform is, the container engine and the catalog, or the Core server and \
      the credentials, and says of each value where it comes from. Nothing is changed, but the catalog is made where \
      there is none, and Podman's service is started where nothing listens and ended again.

      EXIT CODES
        0   nothing is missing
        1   something is missing, and the text says how to mend it
        64  the command line is wrong
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
    print("project   \(composition.defaultProject.map { "\($0) (where a call names none)" } ?? "each call names one")")
    let file = composition.settings.file
    print(
      "settings  \(file.value)\(composition.settings.fileExists ? "" : ", not there: no need of one") (\(file.origin))"
    )
    for setting in composition.settings.report where setting.name != "config" {
      print("          \(setting.name): \(setting.value) (\(setting.origin))")
    }
    let isWell =
      switch composition.place {
      case .local(let local): await examine(local)
      case .kubernetes(let kubernetes): await examine(kubernetes)
      case .core(let core): await examine(core)
      }
    print(isWell ? "All is well: nothing is missing." : "Mend what is said above, then ask again.")
    return isWell
  }

  private static func examine(_ local: Composition.LocalPlace) async -> Bool {
    var isWell = await examine(local.catalog)
    do {
      let engine = try await local.executor.describe()
      print("engine    found")
      for (name, value) in engine where name != "tried" {
        print("          \(name): \(value.stringValue ?? value.text())")
      }
    } catch {
      isWell = false
      print("engine    none that answers: \(describe(error))")
    }
    print("looked at")
    for attempt in await local.executor.attempts() {
      let words = (attempt.objectValue ?? [:]).map { "\($0.name): \($0.value.stringValue ?? $0.value.text())" }
      print("          " + words.joined(separator: ", "))
    }
    return isWell
  }

  private static func examine(_ catalog: Catalog) async -> Bool {
    do {
      print("catalog   \(catalog.path), version \(try await catalog.check())")
      return true
    } catch {
      print("catalog   \(catalog.path): \(describe(error))")
      return false
    }
  }

  private static func examine(_ kubernetes: Composition.KubernetesPlace) async -> Bool {
    let isWell = await examine(kubernetes.catalog)
    do {
      let cluster = try await kubernetes.executor.describe()
      print("cluster   answers")
      for (name, value) in cluster { print("          \(name): \(value.stringValue ?? value.text())") }
      return isWell
    } catch {
      print("cluster   can't be used: \(describe(error))")
      return false
    }
  }

  private static func examine(_ core: CorePlatform) async -> Bool {
    do {
      let server = try await core.describe()
      print("server    answers")
      for (name, value) in server { print("          \(name): \(value.stringValue ?? value.text())") }
    } catch {
      print("server    can't be used: \(describe(error))")
      return false
    }
    do {
      try await core.authenticate()
      print("login     accepted")
      return true
    } catch {
      print("login     not accepted: \(describe(error))")
      return false
    }
  }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? SidecarError else { return "\(error)" }
    return ([error.message] + [error.cause, error.hint].compactMap { $0 }).joined(separator: "\n          ")
  }
}
