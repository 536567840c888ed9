internal import Model
internal import Synchronization

/// What was seen on the server a moment ago, so that createFunction and run in a row don't ask for it again. Only for
/// versions by their id, which nobody else is likely to change meanwhile: never for a name's latest version.
final class CoreMemory: Sendable {
  /// Long enough for a script's next line, too short for anybody's next change.
  static let lifetime = Duration.seconds(20)

  private struct Contents {
    var functions: [String: (entity: CoreEntity, isNew: Bool, at: ContinuousClock.Instant)] = [:]
    /// By function id and action: tasks don't change.
    var tasks: [String: String] = [:]
  }

  private let contents = Mutex(Contents())
  private static let limit = 1000

  /// `isNew`: made by this process, so it has no task but those remembered.
  func remember(_ function: CoreEntity, isNew: Bool) {
    contents.withLock { contents in
      if contents.functions.count >= Self.limit { contents.functions = [:] }
      contents.functions[Self.key(function.project, function.id)] = (function, isNew, .now)
    }
  }

  func function(_ project: String, _ id: String) -> (entity: CoreEntity, isNew: Bool)? {
    contents.withLock { contents in
      guard let found = contents.functions[Self.key(project, id)], found.at.duration(to: .now) < Self.lifetime else {
        return nil
      }
      return (found.entity, found.isNew)
    }
  }

  /// Whoever changes a version, or lets a build change it, forgets it.
  func forget(_ project: String, _ id: String) {
    contents.withLock { $0.functions[Self.key(project, id)] = nil }
  }

  func forgetProject(_ project: String) {
    contents.withLock { contents in
      contents.functions = contents.functions.filter { !$0.key.hasPrefix(project + "/") }
      contents.tasks = contents.tasks.filter { !$0.key.hasPrefix(project + "/") }
    }
  }

  func rememberTask(_ id: String, of function: CoreEntity, _ action: Action) {
    contents.withLock { contents in
      if contents.tasks.count >= Self.limit { contents.tasks = [:] }
      contents.tasks[Self.key(function.project, function.id) + "/\(action.rawValue)"] = id
    }
  }

  func task(of function: CoreEntity, _ action: Action) -> String? {
    contents.withLock { $0.tasks[Self.key(function.project, function.id) + "/\(action.rawValue)"] }
  }

  func forgetTask(of function: CoreEntity, _ action: Action) {
    contents.withLock { $0.tasks[Self.key(function.project, function.id) + "/\(action.rawValue)"] = nil }
  }

  private static func key(_ project: String, _ id: String) -> String { "\(project)/\(id)" }
}
