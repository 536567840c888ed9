internal import JSON
internal import Model
package import Platform
internal import Synchronization

extension CorePlatform {
  package func waitRun(
    _ reference: RunReference,
    until: WaitGoal?,
    timeoutSeconds: Double?,
    progress: @escaping @Sendable (Progress) async -> Void
  ) async throws -> WaitResult {
    let reporter = StateReporter()
    let last = Mutex<RunView?>(nil)
    let outcome = try await poller.wait(
      for: reference,
      seconds: timeoutSeconds,
      observe: { news in
        switch news {
        case .run(let view?):
          last.withLock { $0 = view }
          for step in reporter.steps(of: view) { await progress(Progress(message: step)) }
        case .unreachable(let error): await progress(Progress(message: error.message))
        case .run(nil), .failed, .deadline: break
        }
      },
      until: { Self.isReached(until, $0) }
    )
    switch outcome {
    case .run(let view): return WaitResult(run: seen(view), timedOut: !Self.isReached(until, view))
    // The server is asked once more, and says why.
    case .unseen: return WaitResult(run: try await getRun(reference), timedOut: true)
    case .gone:
      guard var run = last.withLock({ $0 })?.entity else { throw Self.notFound(reference) }
      // Somebody deleted it while it was waited for.
      run.status["state"] = .string(RunState.deleted.rawValue)
      return WaitResult(run: run, timedOut: false)
    }
  }

  /// Without a goal: a job and a build to their end, a serve and a deploy until they run.
  private static func isReached(_ goal: WaitGoal?, _ view: RunView) -> Bool {
    let staysUp = view.action == .serve || view.action == .deploy
    switch goal ?? (staysUp ? .running : .terminal) {
    case .running: return view.state == .running || view.state.isTerminal
    case .terminal: return view.state.isTerminal
    }
  }
}

/// Tells each state of a run once and in order, however many of them one look finds: a run carries the list of its
/// states with it. A state that this version does not know is told like any other.
final class StateReporter: Sendable {
  private struct Told {
    var count: Int?
    var state: RunState?
  }

  private let told = Mutex(Told())

  /// What is new since the last look; of the first look only the state that it finds.
  func steps(of view: RunView) -> [String] {
    let transitions = Array(view.transitions.reversed())
    return told.withLock { told in
      defer { told = Told(count: transitions.count, state: view.state) }
      guard let count = told.count else { return [Self.text(view.state.rawValue, view.core.status["message"])] }
      if transitions.count > count {
        return transitions[count...].map { Self.text($0["status"]?.stringValue ?? "", $0["message"]) }
      }
      return told.state == view.state ? [] : [Self.text(view.state.rawValue, view.core.status["message"])]
    }
  }

  private static func text(_ state: String, _ message: JSONValue?) -> String {
    guard let message = message?.stringValue, !message.isEmpty else { return state }
    return "\(state): \(message)"
  }
}
