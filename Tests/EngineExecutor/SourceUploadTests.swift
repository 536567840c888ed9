import JSON
import Model
import Sources
import Testing

@testable import EngineExecutor

@Suite struct SourceUploadTests {
  private func spec(_ change: (inout WorkloadSpec) -> Void) -> WorkloadSpec {
    var spec = WorkloadSpec(action: .job)
    spec.code = "x"
    change(&spec)
    return spec
  }

  static let accesses: [(change: @Sendable (inout WorkloadSpec) -> Void, owner: String, modes: [String])] = [
    ({ _ in }, "0:0", ["777", "666"]),
    ({ $0.runAsUser = 5 }, "5:0", ["755", "644"]),
    ({ $0.runAsGroup = 6 }, "0:6", ["777", "666"]),
    ({ $0.fsGroup = 7 }, "0:7", ["2775", "664"]),
    (
      {
        $0.runAsUser = 5
        $0.runAsGroup = 6
        $0.fsGroup = 7
      }, "5:7", ["2775", "664"]
    ),
  ]

  @Test(arguments: accesses.indices)
  func access(index: Int) {
    let (change, owner, modes) = Self.accesses[index]
    let access = SourceUpload(spec(change))?.access
    #expect(access.map { "\($0.owner.user):\($0.owner.group)" } == owner)
    #expect(access.map { [$0.folderMode, $0.fileMode(isExecutable: false)].map { String($0, radix: 8) } } == modes)
  }

  @Test func theCalls() {
    let put = "PUT /containers/c/archive?path=%2Fshared"
    let make = "PUT /containers/c/archive?path=%2F"
    let look = "HEAD /containers/c/archive?path=%2Fshared"
    func calls(_ change: (inout WorkloadSpec) -> Void) -> [String] {
      (SourceUpload(spec(change))?.calls("c") ?? []).map { $0.method + " " + $0.path }
    }
    func volume(_ kind: Volume.Kind, _ path: String) -> [Volume] { [Volume(kind: kind, name: "v", mountPath: path)] }
    #expect(calls { _ in } == [look, make, put])
    #expect(calls { $0.volumes = volume(.emptyDir, "/shared") } == [make, put])
    #expect(calls { $0.volumes = volume(.persistentVolumeClaim, "//shared/") } == [put])
    #expect(calls { $0.volumes = volume(.emptyDir, "/shared/data") } == [look, make, put])
    #expect(calls { $0.resources.disk = Quantity("1Gi") } == [make, put])
    #expect(calls { $0.code = nil }.isEmpty && calls { $0.action = .build }.isEmpty)
  }
}
