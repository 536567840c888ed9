import Foundation
import HTTP
import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct DiscoveryTests {
  /// Nothing listens, podman is on PATH: a service of our own answers, and its socket goes with us.
  @Test(.enabled(if: RealEngine.all.contains { $0.description == "podman" }))
  func podmanIsStartedWhereNothingListens() async throws {
    let directory = "/tmp/dh-test-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var environment = ProcessInfo.processInfo.environment
    environment["DOCKER_HOST"] = "unix://\(directory)/dead.sock"
    environment["CONTAINER_HOST"] = nil
    environment["XDG_RUNTIME_DIR"] = directory
    let transport = HTTPTransport()
    let configuration = EngineConfiguration(choice: .podman, environment: environment, stateDirectory: directory)
    guard !configuration.candidates.contains(where: { FileManager.default.fileExists(atPath: $0.path) }) else { return }
    let executor = EngineExecutor(configuration: configuration, transport: transport)
    let description = try await executor.describe()
    #expect(description["engine"]?.stringValue == "podman")
    #expect(description["found_by"]?.stringValue == "podman system service")
    let socket = try #require(description["socket"]?.stringValue)
    #expect(FileManager.default.fileExists(atPath: socket))
    await executor.shutdown()
    await transport.shutdown()
    #expect(!FileManager.default.fileExists(atPath: socket))
  }

  /// A pull that is cancelled ends at once and leaves nothing behind.
  @Test(arguments: RealEngine.all)
  func cancellingAPullEndsIt(engine: RealEngine) async throws {
    let server = try SilentServer()
    defer { server.end() }
    try await engine.run({ $0.image = "127.0.0.1:\(server.port)/silent:test" }) { executor, execution in
      let task = Task { try await executor.ensure(execution) { _ in } }
      try await Task.sleep(for: .milliseconds(300))
      try await executor.stop(execution, graceSeconds: 1)
      task.cancel()
      let begun = ContinuousClock.now
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(ContinuousClock.now - begun < .seconds(2))
      #expect(try await executor.observe(execution) == .absent)
    }
  }
}

/// A registry that takes connections and never answers.
private struct SilentServer {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) + listen(descriptor, 16) + getsockname(descriptor, address, &length)
      }
    }
    guard status == 0 else { throw Unexpected() }
    port = UInt16(bigEndian: address.sin_port)
  }

  func end() { close(descriptor) }
}
