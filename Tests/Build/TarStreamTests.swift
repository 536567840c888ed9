import Foundation
import Model
import Testing

@testable import Build

@Suite struct TarStreamTests {
  private static let long = String(repeating: "folder/", count: 40) + "file"

  private static func file(_ name: String, _ text: String, executable: Bool = false) -> BuildSource.File {
    BuildSource.File(name: name, contents: .bytes(Array(text.utf8)), isExecutable: executable)
  }

  /// What the parts make, files read from disk.
  private static func bytes(_ stream: TarStream) throws -> [UInt8] {
    try stream.parts.flatMap { part in
      switch part {
      case .bytes(let bytes): bytes
      case .file(let path, _): Array(try Data(contentsOf: URL(filePath: path)))
      }
    }
  }

  /// `tar tvf` reads it back: mode, size and name of each entry.
  private static func listing(_ bytes: [UInt8], _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["LC_ALL=C.UTF-8", "tar"] + arguments
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let writing = Thread { [handle = input.fileHandleForWriting] in
      handle.write(Data(bytes))
      try? handle.close()
    }
    writing.start()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text
  }

  @Test(arguments: [
    "a", "folder/with blanks/ä \"x\"", String(repeating: "x", count: 100), String(repeating: "x", count: 101), long,
    String(repeating: "y", count: 90) + "/" + String(repeating: "z", count: 90),
    String(repeating: "y", count: 156) + "/z", "source/" + String(repeating: "ü", count: 120),
  ])
  func anotherToolReadsNamesBack(name: String) throws {
    let files = [Self.file(name, "one"), Self.file("b", "two")]
    let bytes = try Self.bytes(TarStream(files))
    #expect(bytes.count % 512 == 0)
    #expect(try Self.listing(bytes, ["--quoting-style=literal", "-tf", "-"]) == "\(name)\nb\n")
    #expect(try Self.listing(bytes, ["-xOf", "-", "--", name]) == "one")
  }

  @Test(arguments: [(0, 0), (1, 512), (511, 512), (512, 512), (513, 1024)])
  func contentsArePadded(size: Int, padded: Int) {
    let stream = TarStream([Self.file("a", String(repeating: "x", count: size))])
    #expect(stream.size == 512 + padded + 1024)
  }

  @Test func modesAreKeptAndNothingElse() throws {
    let stream = TarStream([Self.file("run", "x", executable: true), Self.file("data", "")])
    let listing = try Self.listing(Self.bytes(stream), ["--numeric-owner", "--utc", "-tvf", "-"])
    let lines = listing.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.map { $0[0] } == ["-rwxr-xr-x", "-rw-r--r--"])
    #expect(lines.allSatisfy { $0[1] == "0/0" && $0[3] == "1970-01-01" })
  }

  @Test func filesOnDiskStayThere() throws {
    let path = NSTemporaryDirectory() + "tar-\(UUID().uuidString)"
    try Data("hello".utf8).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let source = BuildSource(files: [.init(name: "x/y", contents: .file(path: path, size: 5))])
    let dockerfile = try Dockerfile(baseImage: "scratch", source: "source", instructions: [])
    let stream = BuildContext(dockerfile, source: source).tar
    #expect(stream.parts.contains(.file(path: path, size: 5)))
    #expect(try Self.listing(Self.bytes(stream), ["-tf", "-"]) == "Dockerfile\nsource/x/y\n")
    #expect(try Self.listing(Self.bytes(stream), ["-xOf", "-", "source/x/y"]) == "hello")
  }

  @Test(
    arguments: [
      (["my.Dockerfile"], ["Dockerfile"]), (["Dockerfile", "a"], ["Dockerfile", "a"]), (["a", "b"], nil), ([], nil),
    ] as [([String], [String]?)]
  )
  func aSourceThatHasItsDockerfile(names: [String], taken: [String]?) throws {
    let source = BuildSource(files: names.map { Self.file($0, "FROM scratch") })
    guard let taken else {
      let error = #expect(throws: SidecarError.self) { _ = try BuildContext(whole: source) }
      #expect(error?.code == .sourceError)
      return
    }
    #expect(try BuildContext(whole: source).files.map(\.name) == taken)
  }

  @Test func envsAreArguments() throws {
    var spec = WorkloadSpec(action: .build)
    spec.baseImage = "a"
    spec.envs = [EnvironmentVariable(name: "A", value: "1"), EnvironmentVariable(name: "B", value: "x y")]
    #expect(try Dockerfile.make(spec, source: nil).text == "FROM docker.io/library/a:latest\nARG A\nARG B\n")
  }
}
