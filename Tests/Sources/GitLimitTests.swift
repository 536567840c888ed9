import Foundation
import Testing

@testable import Sources

/// A repository that is more than a source may be, fetched by git itself.
@Suite struct GitLimitTests {
  private static func repository(_ fill: String) async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let script = """
      import os, subprocess, sys
      os.chdir(sys.argv[1])
      def git(*words):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True, capture_output=True)
      git("init", "-q")
      \(fill)
      git("add", ".")
      git("commit", "-qm", "x")
      """
    _ = try await Python.run(["-c", script, folder.path])
    return folder
  }

  /// The error, and how many bytes were in the folder at the most.
  private static func fetch(
    _ repository: TemporaryFolder,
    _ limits: SourceLimits
  ) async throws -> (error: SourceError?, bytes: Int) {
    let place = try TemporaryFolder()
    let (content, control) = (place.path + "/content", place.path + "/control")
    for path in [content, control] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    guard case .git(let source) = try CodeSource("git+file://" + repository.path) else { throw SourceError("no git") }
    let error: SourceError? = try await BlockingThread.run { cancellation in
      let fetch = GitFetch(
        source: source,
        variables: ProcessInfo.processInfo.environment,
        limits: limits,
        cancellation: cancellation
      )
      do {
        try fetch.fetch(into: content, control: control)
        return nil
      } catch let error as SourceError {
        return error
      }
    }
    var bytes = 0
    for case let path as String in FileManager.default.enumerator(atPath: content) ?? .init() {
      bytes += (try FileManager.default.attributesOfItem(atPath: content + "/" + path)[.size] as? Int) ?? 0
    }
    return (error, bytes)
  }

  @Test func aPackIsCutOffAtTheLimit() async throws {
    let repository = try await Self.repository("open('data', 'wb').write(os.urandom(8 << 20))")
    let (error, bytes) = try await Self.fetch(repository, SourceLimits(totalBytes: 1 << 20))
    #expect(error?.message.hasSuffix("is larger than 1 MiB") == true, "\(error as Any)")
    #expect(bytes <= (1 << 20) + 65536)
  }

  /// Zeros, which are nothing in a pack.
  @Test func nothingIsCheckedOutThatIsTooLarge() async throws {
    let repository = try await Self.repository(
      "for n in range(3): open(f'f{n}', 'wb').write(b'%d' % n + bytes(4 << 20))"
    )
    let large = try await Self.fetch(repository, SourceLimits(fileBytes: 1 << 20))
    #expect(large.error?.message.contains("f0 is larger than 1 MiB") == true, "\(large.error as Any)")
    let many = try await Self.fetch(repository, SourceLimits(totalBytes: 10 << 20))
    #expect(many.error?.message.hasSuffix("is larger than 10 MiB") == true, "\(many.error as Any)")
    #expect(max(large.bytes, many.bytes) < 1 << 20)
  }

  @Test func filesAreCounted() async throws {
    let repository = try await Self.repository("for n in range(20): open(f'f{n}', 'w').write('x')")
    #expect(try await Self.fetch(repository, SourceLimits(entries: 20)).error == nil)
    let (error, _) = try await Self.fetch(repository, SourceLimits(entries: 19))
    #expect(error?.message.contains("more than 19 files") == true, "\(error as Any)")
  }
}
