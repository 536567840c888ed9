import Foundation
import Testing

@testable import Sources

@Suite struct ZipReaderTests {
  /// Unpacks what a Python script writes to sys.argv[1] with zipfile, and gives the folder's names and contents.
  private func unpacked(_ script: String, limits: SourceLimits = SourceLimits()) async throws -> [String: String] {
    let folder = try TemporaryFolder()
    _ = try await Python.run([
      "-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', 8)\n\(script)\nz.close()",
      folder.path + "/a.zip",
    ])
    let content = folder.path + "/content"
    try FileManager.default.createDirectory(atPath: content, withIntermediateDirectories: false)
    try await BlockingThread.run { cancellation in
      try ZipReader.unpack(folder.path + "/a.zip", into: content, title: "a.zip", limits: limits, cancellation)
    }
    let source = try await LocalSource.read(content, limits: limits)
    return try Dictionary(
      uniqueKeysWithValues: source.entries.map {
        ($0.name + ($0.isExecutable ? "*" : ""), try String(contentsOfFile: $0.path, encoding: .utf8))
      }
    )
  }

  @Test func filesFoldersAndLinks() async throws {
    let found = try await unpacked(
      """
      z.writestr('d/', ''); z.writestr('d/ü€.txt', 'umlaut'); z.writestr('./top', 'top')
      i = zipfile.ZipInfo('tool'); i.create_system = 3; i.external_attr = 0o100755 << 16; z.writestr(i, 'tool')
      i = zipfile.ZipInfo('d/link'); i.create_system = 3; i.external_attr = 0o120777 << 16; z.writestr(i, '../top')
      """
    )
    #expect(found == ["d/ü€.txt": "umlaut", "top": "top", "tool*": "tool", "d/link": "top"])
  }

  @Test(arguments: [
    ("z.writestr('a', 'x'); z.writestr('b', 'x'); z.writestr('c', 'x')", "more than 2 entries"),
    ("z.writestr('a', 'x' * 11)", "a is larger than 10 bytes"),
    ("z.writestr('a', 'x' * 9); z.writestr('b', 'x' * 9)", "more than 15 bytes (at b)"),
    ("z.writestr('a/b/c/d', 'x')", "is more than 3 folders deep"),
    ("z.writestr('a//b', 'x')", "a//b has a name that leads elsewhere"),
  ])
  func limits(_ script: String, _ words: String) async throws {
    let limits = SourceLimits(entries: 2, totalBytes: 15, fileBytes: 10, depth: 3)
    let error = await #expect(throws: SourceError.self) { try await unpacked(script, limits: limits) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func aBombIsRefusedBeforeItIsUnpacked() async throws {
    let limits = SourceLimits(compression: 100, compressionFloor: 1 << 20)
    let error = await #expect(throws: SourceError.self) {
      try await unpacked("z.writestr('a', b'0' * (64 << 20))", limits: limits)
    }
    #expect(error?.message == "a.zip unpacks to more than 100 times its size (at a)")
  }

  @Test(arguments: [
    ("x", "link", true), ("../x", "d/link", true), ("../x", "link", false), ("/x", "link", false),
    ("a/../../x", "link", false), ("a/../x", "link", true), ("../../x", "d/link", false), ("", "link", false),
    ("./a/./b", "link", true), ("..", "d/link", true), ("..", "link", false),
  ])
  func links(_ target: String, _ name: String, _ isInside: Bool) {
    #expect(ZipReader.staysInside(target, from: name) == isInside)
  }

  @Test func aLinkThatLeadsOutThroughAnotherOneIsFoundByItsRealPath() async throws {
    let script = """
      for name, target in (('a/b/c/out', '../../..'), ('p', 'a/b/c/out/..')):
        i = zipfile.ZipInfo(name); i.create_system = 3; i.external_attr = 0o120777 << 16; z.writestr(i, target)
      z.writestr('x', 'x')
      """
    let error = await #expect(throws: SourceError.self) { try await unpacked(script) }
    #expect(error?.message.contains("is a link to") == true, "\(error?.message ?? "")")
  }
}
