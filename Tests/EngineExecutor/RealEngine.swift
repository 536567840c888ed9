import Foundation
import HTTP
import JSON
import Model
import Platform

@testable import EngineExecutor

/// A real engine that the environment names: `DH_TEST_PODMAN_HOST`, `DH_TEST_DOCKER_HOST` (unix://…), both with the
/// busybox image `DH_TEST_IMAGE`. Without them the tests of real engines are not run.
struct RealEngine: Sendable, CustomStringConvertible {
  let description: String
  let socket: String

  static let all: [RealEngine] = [("podman", "DH_TEST_PODMAN_HOST"), ("docker", "DH_TEST_DOCKER_HOST")]
    .compactMap { name, variable in
      ProcessInfo.processInfo.environment[variable].map { RealEngine(description: name, socket: $0) }
    }

  static let image = ProcessInfo.processInfo.environment["DH_TEST_IMAGE"] ?? ""

  /// Runs the body with an executor, and removes the run whatever happens.
  func run<Result>(
    _ change: (inout WorkloadSpec) -> Void,
    secrets: [String: String] = [:],
    _ body: (EngineExecutor, Execution) async throws -> Result
  ) async throws -> Result {
    let transport = HTTPTransport()
    let executor = EngineExecutor(
      configuration: EngineConfiguration(
        socket: socket,
        environment: ProcessInfo.processInfo.environment,
        stateDirectory: NSTemporaryDirectory()
      ),
      transport: transport
    )
    let execution = Execution.sample(secrets: secrets, change)
    do {
      let result = try await body(executor, execution)
      try await executor.remove(execution)
      await transport.shutdown()
      return result
    } catch {
      try? await executor.remove(execution)
      await transport.shutdown()
      throw error
    }
  }

  /// Ensures, waits for the end, and gives it.
  func ending(_ change: (inout WorkloadSpec) -> Void) async throws -> (ending: Ending, log: [LogEntry]) {
    try await run(change) { executor, execution in
      guard case .ended(let ending) = try await executor.finished(execution) else { throw Unexpected() }
      return (ending, try await executor.logs(execution, query: LogQuery()).entries)
    }
  }
}

struct Unexpected: Error {}

extension EngineExecutor {
  func finished(_ execution: Execution) async throws -> Observation {
    let observation = try await ensure(execution) { _ in }
    guard case .running = observation else { return observation }
    return try await awaitEnd(execution)
  }
}

extension Execution {
  static func sample(
    runID: String? = nil,
    secrets: [String: String] = [:],
    _ change: (inout WorkloadSpec) -> Void
  ) -> Execution {
    var spec = WorkloadSpec(action: .job)
    spec.image = RealEngine.image
    change(&spec)
    return Execution(
      project: "p1",
      functionName: "f1",
      functionID: "0123456789abcdef0123456789abcdef",
      runID: runID ?? UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: ""),
      spec: spec,
      secretValues: secrets
    )
  }
}

extension WorkloadSpec {
  mutating func shell(_ script: String) {
    command = "/bin/sh"
    args = ["-c", script]
  }
}
