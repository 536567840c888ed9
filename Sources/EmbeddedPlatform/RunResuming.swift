internal import Catalog
package import Model
package import Platform

extension EmbeddedPlatform {
  package func resumeRun(_ reference: RunReference) async throws -> Entity {
    let run = try await current(reference)
    guard run.state == .stopped || run.state == .resume else {
      throw SidecarError(
        .invalidState,
        "The run is \(run.state.rawValue): only one that is STOPPED can be resumed.",
        hint: run.state.isTerminal ? "It is over: run starts another." : "It goes on already: look at it with getRun.",
        cause: run.state.rawValue
      )
    }
    try await executor.ping()
    if run.state == .stopped { try await executor.check(try await catalog.execution(of: run)) }
    let now = Timestamp.now()
    guard let resumed = try await supervisor.transitions.request(.resume, of: run, { $0.resume(at: now) }) else {
      throw Self.notFound(reference)
    }
    try await supervisor.adopt(resumed)
    return resumed.entity.shown
  }
}
