import Foundation
import Model
import Testing

@testable import Build

@Suite struct DockerfileTests {
  private static func spec(_ change: (inout WorkloadSpec) -> Void) -> WorkloadSpec {
    var spec = WorkloadSpec(action: .build)
    spec.baseImage = "python:3.11-slim"
    change(&spec)
    return spec
  }

  /// Name of the golden file, what goes in, and the source's directory.
  private static let cases: [(name: String, spec: WorkloadSpec, source: String?)] = [
    ("reference", spec { $0.instructions = ["apt-get update && apt-get install -y git"] }, nil),
    ("base-only", spec { _ in }, nil),
    ("source", spec { $0.instructions = ["pip install -r requirements.txt"] }, "source"),
    ("source-with-odd-name", spec { _ in }, "my source \"x\""),
    ("scratch", spec { $0.baseImage = "scratch" }, "source"),
    (
      "whole-instructions",
      spec {
        $0.baseImage = "localhost/base@sha256:" + String(repeating: "a", count: 64)
        $0.instructions = [
          "ENV A=1 B=\"two words\"", "RUN apt-get update \\\n && apt-get install -y git \\\n # a comment\n curl",
          "cat > /etc/motd <<'EOF'\nFROM here on\n$HOME\nEOF\n", "USER 1000:1000",
          "ENTRYPOINT [\"python\", \"-m\", \"app\"]",
          "  echo done  ",
        ]
      }, "source"
    ),
    (
      "whole-dockerfile",
      spec {
        $0.lang = "dockerfile"
        $0.code = "# syntax=docker/dockerfile:1\nFROM a AS b\nFROM c\nCOPY --from=b /x /y"
      }, "source"
    ),
    (
      "whole-dockerfile-base64",
      spec {
        $0.lang = "dockerfile"
        $0.base64 = "RlJPTSBidXN5Ym94ClJVTiB0cnVlCg=="
      }, nil
    ),
  ]

  @Test(arguments: cases.map(\.name))
  func golden(name: String) throws {
    let given = try #require(Self.cases.first { $0.name == name })
    let made = try Dockerfile.make(given.spec, source: given.source)
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/\(name).Dockerfile"
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try made.text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try made.text == String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func heredocsAreTold() throws {
    let plain = try Dockerfile(baseImage: "a", source: nil, instructions: ["b"])
    #expect(!plain.hasHeredocs)
    let heredoc = try Dockerfile(baseImage: "a", source: nil, instructions: ["b", "RUN <<E\nx\nE"])
    #expect(heredoc.hasHeredocs)
  }

  @Test func everyFaultAtOnce() {
    let error = #expect(throws: SidecarError.self) {
      _ = try Dockerfile(baseImage: "A b", source: nil, instructions: ["ok", "a\nb", "", "ok", "FROM x"])
    }
    #expect(error?.code == .invalidParams)
    let pointers = ["/base_image", "/instructions/1", "/instructions/2", "/instructions/4"]
    #expect(error?.faults.map(\.pointer) == pointers)
    #expect(error?.faults.allSatisfy { $0.hint != nil } == true)
  }

  @Test(
    arguments: [
      (spec { $0.baseImage = nil }, "/base_image"),
      (
        spec {
          $0.lang = "dockerfile"
          $0.code = "FROM a"
          $0.instructions = ["b"]
        }, "/instructions"
      ), (spec { $0.lang = "dockerfile" }, "/code"),
      (
        spec {
          $0.lang = "dockerfile"
          $0.base64 = "%"
        }, "/base64"
      ),
      (
        spec {
          $0.lang = "dockerfile"
          $0.base64 = "/w=="
        }, "/base64"
      ),
    ] as [(WorkloadSpec, String)]
  )
  func refusals(spec: WorkloadSpec, pointer: String) {
    let error = #expect(throws: SidecarError.self) { _ = try Dockerfile.make(spec, source: nil) }
    #expect(error?.faults.map(\.pointer) == [pointer])
  }

  @Test func anImageAloneIsTheBase() throws {
    let spec = Self.spec {
      $0.baseImage = nil
      $0.image = "a"
    }
    #expect(try Dockerfile.make(spec, source: nil).text == "FROM docker.io/library/a:latest\n")
  }
}
