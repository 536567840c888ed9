import Model
import Platform

/// The builds that go on in this process: an engine knows a build only by the connection over which it was asked for.
actor BuildRegistry {
  private struct Build {
    var task: Task<Ending, any Error>
    var since: Timestamp
  }

  /// After so many lost connections the build itself is what ends the engine.
  private static let patience = 3

  private var builds: [String: Build] = [:]
  private var endings: [String: Ending] = [:]
  private var losses: [String: Int] = [:]

  /// Pending: it is to be begun, for the first time or because its sidecar was killed.
  func observe(_ run: String) -> Observation {
    if let ending = endings[run] { return .ended(ending) }
    if let build = builds[run] { return .running(since: build.since) }
    return .pending(detail: "not begun")
  }

  /// Begins it where it has neither begun nor ended. A body that throws leaves it to be begun again.
  func begin(_ run: String, _ body: @escaping @Sendable () async throws -> Ending) -> Observation {
    if builds[run] == nil, endings[run] == nil {
      let task = Task {
        do {
          let ending = try await body()
          ended(run, ending)
          return ending
        } catch {
          guard let ending = failed(run, error) else { throw error }
          return ending
        }
      }
      builds[run] = Build(task: task, since: Timestamp.now())
    }
    return observe(run)
  }

  /// Cancelling the wait cancels the build, which could not be taken up by anybody.
  func awaitEnd(_ run: String) async throws -> Observation {
    guard let build = builds[run] else { return observe(run) }
    return try await withTaskCancellationHandler {
      .ended(try await build.task.value)
    } onCancel: {
      build.task.cancel()
    }
  }

  /// Returns once it has let go of the engine.
  func cancel(_ run: String) async {
    guard let build = builds[run] else { return }
    build.task.cancel()
    _ = await build.task.result
  }

  func forget(_ run: String) {
    endings[run] = nil
    losses[run] = nil
  }

  private func ended(_ run: String, _ ending: Ending) {
    builds[run] = nil
    endings[run] = ending
  }

  private func failed(_ run: String, _ error: any Error) -> Ending? {
    builds[run] = nil
    guard let error = error as? SidecarError, error.code.retryable else { return nil }
    losses[run, default: 0] += 1
    guard losses[run, default: 0] >= Self.patience else { return nil }
    let ending = Ending(
      succeeded: false,
      exitCode: nil,
      reason: "EngineLost",
      message: "The engine went away \(Self.patience) times during the build: \(error.cause ?? error.message)"
    )
    endings[run] = ending
    return ending
  }
}
