import Foundation
import HTTP
import Testing

@testable import Sources

@Suite struct ZipArchiveTests {
  private func bytes(_ archive: ZipArchive) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: archive.file.length)
    #expect(pread(archive.file.descriptor, &bytes, bytes.count, 0) == bytes.count)
    return bytes
  }

  private func packed(_ path: String) async throws -> [UInt8] {
    try bytes(try await ZipArchive.make(try await LocalSource.read(path), temporaryDirectory: NSTemporaryDirectory()))
  }

  /// What another program, Python's zipfile, reads in it.
  private func listing(_ bytes: [UInt8]) async throws -> [[String]] {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.zip", bytes)
    let script = """
      import json, sys, zipfile
      archive = zipfile.ZipFile(sys.argv[1])
      assert archive.testzip() is None
      print(json.dumps([[i.filename, oct(i.external_attr >> 16), archive.read(i).decode(), str(i.date_time[0])]
        for i in archive.infolist()]))
      """
    return try JSONDecoder().decode([[String]].self, from: try await Python.run(["-c", script, path]))
  }

  @Test func aFolderIsReadBack() async throws {
    let folder = try TemporaryFolder()
    try folder.write("main.py", "print(1)\n", mode: 0o600)
    try folder.write("lib/ü€😀.py", String(repeating: "x", count: 300_000))
    try folder.write("run.sh", "#!/bin/sh\n", mode: 0o755)
    try folder.write("empty", "")
    let listing = try await listing(try await packed(folder.path))
    #expect(
      listing == [
        ["empty", "0o100644", "", "1980"],
        ["lib/ü€😀.py", "0o100644", String(repeating: "x", count: 300_000), "1980"],
        ["main.py", "0o100644", "print(1)\n", "1980"],
        ["run.sh", "0o100755", "#!/bin/sh\n", "1980"],
      ]
    )
  }

  @Test func theSameFolderPacksToTheSameBytes() async throws {
    func bytes() async throws -> [UInt8] {
      let folder = try TemporaryFolder()
      for name in ["b", "a", "c/d"] { try folder.write(name, name) }
      return try await packed(folder.path)
    }
    let first = try await bytes()
    try await Task.sleep(for: .milliseconds(1100))
    #expect(try await bytes() == first)
  }

  @Test func aSingleFileIsPackedUnderItsName() async throws {
    let folder = try TemporaryFolder()
    #expect(try await listing(try await packed(try folder.write("a.py", "1"))) == [["a.py", "0o100644", "1", "1980"]])
  }

  @Test func anArchiveTravelsAsItIs() async throws {
    let folder = try TemporaryFolder()
    try folder.write("code/a.py", "1")
    let zip = try folder.write("a.zip", try await packed(folder.path + "/code"))
    let source = try await LocalSource.read(zip)
    let archive = try await ZipArchive.make(source, temporaryDirectory: NSTemporaryDirectory())
    #expect(try bytes(archive) == Array(try Data(contentsOf: URL(filePath: zip))))
    #expect(archive.sha256 == source.fingerprint)
  }

  @Test func aSourceThatChangesMeanwhileIsRefused() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py", "1")
    let source = try await LocalSource.read(folder.path)
    for change in ["2", "22"] {
      try folder.write("a.py", change)
      let error = try await #require(throws: SourceError.self) {
        try await ZipArchive.make(source, temporaryDirectory: NSTemporaryDirectory())
      }
      #expect(error.message == "\(folder.path)/a.py changed while it was read")
    }
    try FileManager.default.removeItem(atPath: folder.path + "/a.py")
    try folder.link("a.py", to: "/etc/hostname")
    await #expect(throws: SourceError.self) {
      try await ZipArchive.make(source, temporaryDirectory: NSTemporaryDirectory())
    }
  }

  @Test func nothingIsLeftInTheTemporaryFolder() async throws {
    let folder = try TemporaryFolder()
    let temporary = try TemporaryFolder()
    try folder.write("a.py", "1")
    let source = try await LocalSource.read(folder.path)
    let archive = try await ZipArchive.make(source, temporaryDirectory: temporary.path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    #expect(archive.file.length > 0)
  }

  @Test func aTemporaryFolderThatIsNotThereIsNamed() async throws {
    let folder = try TemporaryFolder()
    let source = try await LocalSource.read(try folder.write("a.py", "1"))
    let error = try await #require(throws: SourceError.self) {
      try await ZipArchive.make(source, temporaryDirectory: "/nowhere")
    }
    #expect(error.message.contains("/nowhere"))
    #expect(error.hint?.contains("TMPDIR") == true)
  }
}
