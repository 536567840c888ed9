import Foundation
import Testing

@testable import Sources

@Suite struct LocalSourceTests {
  private func refusal(_ path: String, limits: SourceLimits = SourceLimits()) async throws -> SourceError {
    try await #require(throws: SourceError.self) { try await LocalSource.read(path, limits: limits) }
  }

  @Test func aFile() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("src.py", "print(1)\n")
    let source = try await LocalSource.read(path)
    #expect(source.kind == .file)
    #expect(source.name == "src.py")
    #expect(source.size == 9)
    #expect(source.contents == Array("print(1)\n".utf8))
    #expect(source.entries.map(\.name) == ["src.py"])
  }

  @Test func aFileTooLargeToTravelInline() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("big.py", [UInt8](repeating: 1, count: 1001))
    #expect(try await LocalSource.read(path, limits: SourceLimits(inlineBytes: 1001)).contents?.count == 1001)
    #expect(try await LocalSource.read(path, limits: SourceLimits(inlineBytes: 1000)).contents == nil)
  }

  @Test func aFolderIsSortedByBytesWithoutHistoryAndCaches() async throws {
    let folder = try TemporaryFolder()
    for name in ["b.py", "a/z.py", "a/.git/config", ".git/HEAD", "a/__pycache__/x.pyc", "Z.py", "a-b.py", "ü.py"] {
      try folder.write(name)
    }
    try folder.write("run.sh", "#!/bin/sh\n", mode: 0o755)
    let source = try await LocalSource.read(folder.path + "/")
    #expect(source.kind == .folder)
    #expect(source.entries.map(\.name) == ["Z.py", "a-b.py", "a/z.py", "b.py", "run.sh", "ü.py"])
    #expect(source.entries.filter(\.isExecutable).map(\.name) == ["run.sh"])
  }

  @Test func theFingerprintIsOfNamesModesAndContentsAlone() async throws {
    func fingerprint(_ change: (TemporaryFolder) throws -> Void = { _ in }) async throws -> String {
      let folder = try TemporaryFolder()
      try folder.write("b.py", "b")
      try folder.write("a.py", "a", mode: 0o600)
      try change(folder)
      return try await LocalSource.read(folder.path).fingerprint
    }
    let first = try await fingerprint()
    #expect(first.utf8.count == 64)
    #expect(try await fingerprint() == first)
    #expect(try await fingerprint { try $0.write("__pycache__/x") } == first)
    #expect(try await fingerprint { try $0.write("a.py", "A") } != first)
    #expect(try await fingerprint { try $0.write("a.py", "a", mode: 0o755) } != first)
    #expect(try await fingerprint { try $0.write("c.py", "") } != first)
  }

  @Test func linksInsideAreTakenForWhatTheyPointTo() async throws {
    let folder = try TemporaryFolder()
    try folder.write("lib/a.py", "a")
    try folder.link("b.py", to: "lib/a.py")
    try folder.link("copy", to: folder.path + "/lib")
    let source = try await LocalSource.read(folder.path)
    #expect(source.entries.map(\.name) == ["b.py", "copy/a.py", "lib/a.py"])
    #expect(Set(source.entries.map(\.digest)).count == 1)
  }

  @Test func aLinkToTheSourceItselfIsFollowed() async throws {
    let folder = try TemporaryFolder()
    try folder.write("code/a.py")
    try folder.link("link", to: "code")
    #expect(try await LocalSource.read(folder.path + "/link").entries.map(\.name) == ["a.py"])
  }

  @Test(arguments: [
    ("/etc/passwd", "outside"), ("../", "outside"), ("/etc", "outside"), ("nowhere", "nowhere"),
    (".", "folder that it is in"), ("link", "nowhere"),
  ])
  func linksThatAreRefused(target: String, says: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py")
    try folder.link("link", to: target)
    let error = try await refusal(folder.path)
    #expect(error.message.contains(says), "\(error.message)")
    #expect(error.message.contains(folder.path + "/link"))
    #expect(error.hint != nil)
  }

  @Test func aSiblingWithTheSameBeginningIsOutside() async throws {
    let folder = try TemporaryFolder()
    try folder.write("code/a.py")
    try folder.write("code-2/secret")
    try folder.link("code/link", to: "../code-2/secret")
    #expect(try await refusal(folder.path + "/code").message.contains("outside"))
  }

  @Test func whatIsNoFileIsRefusedWithoutWaiting() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py")
    mkfifo(folder.path + "/pipe", 0o600)
    #expect(try await refusal(folder.path).message.contains("pipe is a FIFO"))
    #expect(try await refusal(folder.path + "/pipe").message.contains("is a FIFO"))
    #expect(try await refusal("/dev/zero").message.contains("is a device"))
  }

  @Test func limits() async throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c/d/e"] { try folder.write(name, [UInt8](repeating: 1, count: 100)) }
    #expect(
      try await LocalSource.read(folder.path, limits: SourceLimits(entries: 3, totalBytes: 300, depth: 3)).size == 300
    )
    #expect(try await refusal(folder.path, limits: SourceLimits(entries: 2)).message.contains("more than 2 files"))
    #expect(
      try await refusal(folder.path, limits: SourceLimits(totalBytes: 299)).message.contains("more than 299 bytes")
    )
    #expect(
      try await refusal(folder.path, limits: SourceLimits(fileBytes: 99)).message.contains("/a is larger than 99")
    )
    #expect(try await refusal(folder.path, limits: SourceLimits(depth: 2)).message.contains("2 folders deep"))
    #expect(try await refusal(folder.path + "/a", limits: SourceLimits(fileBytes: 99)).message.contains("larger"))
  }

  @Test func emptyFoldersAndMissingPaths() async throws {
    let folder = try TemporaryFolder()
    #expect(try await refusal(folder.path).message.contains("holds no files"))
    #expect(try await refusal(folder.path + "/x.py").message == "\(folder.path)/x.py does not exist")
    try folder.write("a.py")
    #expect(try await refusal(folder.path + "/a.py/").message.contains("does not exist"))
  }

  /// Root may read everything, so only the text is held here.
  @Test func anUnreadableFileIsNamed() throws {
    #expect(RegularFile.failure("/x/a.py", EACCES).message == "/x/a.py can't be read")
    #expect(RegularFile.failure("/x/a.py", EACCES).hint?.contains("permission") == true)
    #expect(RegularFile.failure("/x/a.py", EIO).cause != nil)
  }

  @Test func aNameThatIsNotUTF8IsRefused() async throws {
    let folder = try TemporaryFolder()
    // Foundation can't name such a file.
    try await Python.run(["-c", "import os, sys; open(os.fsencode(sys.argv[1]) + b'/\\xff', 'w')", folder.path])
    #expect(try await refusal(folder.path).message.contains("not UTF-8"))
    try await Python.run(["-c", "import os, sys; os.unlink(os.fsencode(sys.argv[1]) + b'/\\xff')", folder.path])
  }

  @Test func archives() async throws {
    let folder = try TemporaryFolder()
    let good = try folder.write("a.ZIP", [0x50, 0x4B, 3, 4, 0, 0])
    let source = try await LocalSource.read(good)
    #expect(source.kind == .archive)
    #expect(source.contents == nil)
    #expect(source.fingerprint == "be0c7ebd8b5fd4585f4b493d0325f974789b089cf31d26fe1078df41a5412fe3")
    #expect(try await refusal(try folder.write("b.zip", "text")).message.contains("no zip file"))
    #expect(try await refusal(try folder.write("c.zip", "")).message.contains("no zip file"))
    let empty = try folder.write("d.zip", [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
    #expect(try await refusal(empty).message.contains("without files"))
  }

  @Test func cancellingEndsTheReading() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py")
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await LocalSource.read(folder.path)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// Each folder has two links to the next one: there are few of them, and as many ways through them as 2 to the 40th.
  @Test func linksThatFanOutAreNotFollowedForEver() async throws {
    let folder = try TemporaryFolder()
    for level in 0..<40 {
      try folder.write("d\(level)/keep", "")
      for name in ["a", "b"] {
        try FileManager.default.createSymbolicLink(
          atPath: folder.path + "/d\(level)/\(name)",
          withDestinationPath: "../d\(level + 1)"
        )
      }
    }
    try folder.write("d40/keep", "")
    await #expect(throws: SourceError.self) { try await LocalSource.read(folder.path) }
  }
}
