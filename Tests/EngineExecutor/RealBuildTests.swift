import Build
import Foundation
import HTTP
import Model
import Platform
import Synchronization
import Testing

@testable import EngineExecutor

@Suite struct RealBuildTests {
  /// A source on disk, larger than what is sent in one piece.
  @Test(arguments: RealEngine.all)
  func aLargeSourceIsStreamed(engine: RealEngine) async throws {
    let path = NSTemporaryDirectory() + "build-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let size = 20 << 20 + 7
    try Data(repeating: 7, count: size).write(to: URL(filePath: path))
    let tag = "localhost/large:\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.run {
      $0.action = .build
      $0.baseImage = RealEngine.image
      $0.image = tag
      $0.code = "in place of the file"
      $0.instructions = ["echo $(wc -c < data/large) $(test -x run.sh && echo yes)"]
    } _: { executor, execution in
      let build = try #require(try EnginePlanner.plan(execution).build)
      let source = BuildSource(files: [
        .init(name: "data/large", contents: .file(path: path, size: size)),
        .init(name: "run.sh", contents: .bytes([]), isExecutable: true),
      ])
      let context = BuildContext(try #require(build.dockerfile), source: source)
      let steps = Mutex<[Int]>([])
      let ending = try await executor.withClient { client in
        let builder = ImageBuilder(
          client: client,
          auth: executor.auth,
          plan: build,
          log: try executor.buildLog(execution).begin(tag)
        ) { progress in steps.withLock { $0 += [progress.done].compactMap(\.self) } }
        return try await builder.build(context)
      }
      #expect(ending.succeeded, "\(ending.message)")
      let log = try await executor.logs(execution, query: LogQuery()).entries.map(\.text)
      #expect(log.contains("\(size) yes"), "\(log)")
      #expect(steps.withLock { $0 } == [0, 1, 2, 3, 4])
      try await executor.withClient { client in
        _ = try await client.call(EngineCall("DELETE", "/images/\(EngineCall.encoded(tag))"))
      }
    }
  }
}
