import Foundation
import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite(.serialized, .enabled(if: !RealEngine.all.isEmpty))
struct RealEngineTests {
  @Test(arguments: RealEngine.all)
  func success(engine: RealEngine) async throws {
    let (ending, log) = try await engine.ending { $0.shell("echo out; echo err >&2; printf last") }
    #expect(ending.succeeded)
    #expect(ending.exitCode == 0)
    #expect(ending.startedAt != nil && ending.finishedAt != nil)
    #expect(log.filter { $0.stream == .stdout }.map(\.text) == ["out", "last"])
    #expect(log.filter { $0.stream == .stderr }.map(\.text) == ["err"])
  }

  @Test(arguments: RealEngine.all)
  func failure(engine: RealEngine) async throws {
    let ending = try await engine.ending { $0.shell("exit 7") }.ending
    #expect(!ending.succeeded)
    #expect(ending.exitCode == 7)
    #expect(ending.reason == "Error")
  }

  @Test(arguments: RealEngine.all)
  func missingImage(engine: RealEngine) async throws {
    let ending = try await engine.ending { $0.image = RealEngine.image + "-nowhere" }.ending
    #expect(ending.reason == "ImagePull")
    #expect(ending.exitCode == nil)
    let never = try await engine.ending {
      $0.image = RealEngine.image + "-nowhere"
      $0.imagePullPolicy = .never
    }
    #expect(never.ending.reason == "ImageNeverPull")
  }

  @Test(arguments: RealEngine.all)
  func missingCommand(engine: RealEngine) async throws {
    let ending = try await engine.ending { $0.command = "echo hello" }.ending
    #expect(ending.reason == "StartError")
    #expect(ending.exitCode == 127)
    #expect(ending.message.contains("put the rest in args"))
    let directory = try await engine.ending { $0.command = "/tmp" }.ending
    #expect(directory.exitCode == 126)
  }

  @Test(arguments: RealEngine.all)
  func outOfMemory(engine: RealEngine) async throws {
    let ending = try await engine.ending {
      $0.resources.limits.memory = Quantity("16Mi")
      $0.shell("exec tail /dev/zero")
    }.ending
    #expect(!ending.succeeded)
    #expect(ending.exitCode == 137)
    if engine.description == "docker" || access("/dev/kmsg", R_OK) == 0 {
      #expect(ending.reason == "OOMKilled")
    } else {
      #expect(ending.message.contains("possibly out of memory"))
    }
  }

  @Test(arguments: RealEngine.all)
  func stopsWhatRuns(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("trap 'exit 3' TERM; while :; do sleep 0.1; done") }) { executor, execution in
      // Nothing there yet: no error.
      try await executor.stop(execution, graceSeconds: 1)
      #expect(try await executor.observe(execution) == .absent)
      _ = try await executor.ensure(execution) { _ in }
      try await Task.sleep(for: .milliseconds(200))
      try await executor.stop(execution, graceSeconds: 5)
      guard case .ended(let ending) = try await executor.awaitEnd(execution) else { throw Unexpected() }
      #expect(ending.exitCode == 3)
      try await executor.stop(execution, graceSeconds: 1)
    }
  }

  @Test(arguments: RealEngine.all)
  func adoptsWhatIsThere(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("sleep 0.5; exit 4") }) { executor, execution in
      async let first = executor.ensure(execution) { _ in }
      async let second = executor.ensure(execution) { _ in }
      for observation in try await [first, second] {
        guard case .running = observation else { throw Unexpected() }
      }
      guard case .ended = try await executor.awaitEnd(execution) else { throw Unexpected() }
      guard case .ended(let ending) = try await executor.ensure(execution, progress: { _ in }) else {
        throw Unexpected()
      }
      #expect(ending.exitCode == 4)
    }
  }

  @Test(arguments: RealEngine.all)
  func wakesAtTheEnd(engine: RealEngine) async throws {
    try await engine.run({ $0.shell("sleep 1; date +%s.%N >/dev/null") }) { executor, execution in
      _ = try await executor.ensure(execution) { _ in }
      guard case .ended(let ending) = try await executor.awaitEnd(execution), let end = ending.finishedAt else {
        throw Unexpected()
      }
      let late = Double(Timestamp.now().nanoseconds - end.nanoseconds) / 1e9
      print("\(engine): awaitEnd returned \(late) s after FinishedAt")
      #expect(late < 1)
    }
  }

  @Test(arguments: RealEngine.all)
  func parametersTakeEffectInside(engine: RealEngine) async throws {
    try await engine.run(
      {
        $0.envs = [EnvironmentVariable(name: "A", value: "b c")]
        $0.secrets = ["TOKEN"]
        $0.handler = "h"
        $0.runAsUser = 1000
        $0.runAsGroup = 2000
        $0.fsGroup = 3000
        $0.resources.limits.memory = Quantity("64Mi")
        $0.volumes = [Volume(kind: .emptyDir, name: "scratch", mountPath: "/scratch")]
        $0.shell("env; id; grep ' /scratch ' /proc/mounts | cut -d' ' -f2")
      },
      secrets: ["TOKEN": "s3cret"]
    ) { executor, execution in
      guard case .ended(let ending) = try await executor.finished(execution) else { throw Unexpected() }
      #expect(ending.succeeded, "\(ending.message)")
      let lines = try await executor.logs(execution, query: LogQuery()).entries.map(\.text)
      for expected in [
        "A=b c", "TOKEN=s3cret", "DH_HANDLER=h", "PROJECT_NAME=p1", "RUN_ID=\(execution.runID)", "/scratch",
      ] {
        #expect(lines.contains(expected))
      }
      #expect(lines.contains { $0.hasPrefix("uid=1000") && $0.contains("gid=2000") && $0.contains("3000") })
    }
    let (ending, log) = try await engine.ending {
      $0.runAsGroup = 2000
      $0.shell("id -u; id -g")
    }
    #expect(ending.succeeded)
    #expect(log.map(\.text) == ["0", "2000"])
  }

  @Test(arguments: RealEngine.all)
  func describesItself(engine: RealEngine) async throws {
    try await engine.run({ _ in }) { executor, _ in
      let json = try await executor.describe()
      #expect(json["engine"]?.stringValue == engine.description)
      #expect(json["version"]?.stringValue?.isEmpty == false)
      let begun = ContinuousClock.now
      try await executor.ping()
      #expect(ContinuousClock.now - begun < .milliseconds(100))
    }
  }
}
