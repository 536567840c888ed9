import Build
import HTTP
import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct EndingTests {
  private func ending(_ state: String, outOfMemory: Bool = false) throws -> Ending {
    let json = try JSONValue(parsing: #"{"Id":"abc","HostConfig":{"Memory":1024},"State":\#(state)}"#)
    return EndingClassifier.ending(of: ContainerState(json), outOfMemory: outOfMemory)
  }

  @Test(arguments: [
    (#"{"Status":"exited","ExitCode":0}"#, false, "Completed", 0),
    (#"{"Status":"exited","ExitCode":7}"#, false, "Error", 7),
    (#"{"Status":"exited","ExitCode":137,"OOMKilled":true}"#, false, "OOMKilled", 137),
    (#"{"Status":"exited","ExitCode":137}"#, true, "OOMKilled", 137),
    (#"{"Status":"exited","ExitCode":1,"OOMKilled":true}"#, false, "OOMKilled", 1),
    (#"{"Status":"exited","ExitCode":0,"OOMKilled":true}"#, false, "Completed", 0),
    (#"{"Status":"exited","ExitCode":0}"#, true, "Completed", 0),
    (#"{"Status":"exited","ExitCode":137}"#, false, "Killed", 137),
    (#"{"Status":"exited","ExitCode":143}"#, false, "Terminated", 143),
    (#"{"Status":"created","ExitCode":127,"Error":"executable file not found in $PATH"}"#, false, "StartError", 127),
  ])
  func endingsNameTheirCause(state: String, outOfMemory: Bool, reason: String, exitCode: Int) throws {
    let ending = try ending(state, outOfMemory: outOfMemory)
    #expect(ending.reason == reason)
    #expect(ending.exitCode == exitCode)
    #expect(ending.succeeded == (exitCode == 0))
  }

  @Test(
    arguments: [
      ("exec: \"a b\": executable file not found in $PATH", "a b", "StartError", 127, true),
      ("exec /tmp: permission denied", "/tmp", "StartError", 126, false),
      // As Podman 4.3 and Docker 20.10 write them.
      (
        "runc: runc create failed: unable to start container process: exec: \"/no/x\": stat /no/x: no such file or "
          + "directory: OCI runtime attempted to invoke a command that was not found", "/no/x", "StartError", 127, false
      ),
      (
        "runc: runc create failed: unable to start container process: error during container init: error setting "
          + "rlimits for ready process: error setting rlimit type 7: operation not permitted: OCI permission denied",
        "sh", "StartError", nil, false
      ),
      ("mount /a:/b: no such file or directory", "sh", "StartError", nil, false),
      ("Bind for 0.0.0.0:80 failed: port is already allocated", nil, "PortInUse", nil, false),
      ("unable to find user nobody2", nil, "UnknownUser", nil, false),
    ] as [(String, String?, String, Int?, Bool)]
  )
  func startFailures(words: String, command: String?, reason: String, exitCode: Int?, hinted: Bool) {
    let ending = EndingClassifier.startFailure(words, command: command)
    #expect(ending.reason == reason)
    #expect(ending.exitCode == exitCode)
    #expect(ending.message.contains("put the rest in args") == hinted)
    #expect(ending.message.contains(words))
  }

  @Test(arguments: [("error setting rlimit type 7", "default_ulimits"), ("unknown cgroup layout", "runtime = ")])
  func whatTheMachineLacksHasARemedy(words: String, remedy: String) {
    let ending = EndingClassifier.startFailure(words, command: "sh")
    #expect(ending.message.contains(remedy) && ending.message.contains("CONTAINERS_CONF"))
    #expect(!ending.message.contains("\"sh\""))
  }

  @Test func timesOfNeverAreNone() throws {
    let json = try JSONValue(
      parsing:
        #"{"State":{"Status":"created","StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"2026-01-02T03:04:05.5+01:00"}}"#
    )
    let state = ContainerState(json)
    #expect(state.startedAt == nil)
    #expect(state.finishedAt == Timestamp(parsing: "2026-01-02T02:04:05.5Z"))
  }

  @Test func kernelLinesNameTheContainer() {
    let id = "0123456789abcdef"
    #expect(KernelLog.names(id, in: "6,1,2,-;oom-kill:constraint=MEMCG,oom_memcg=/libpod_parent/libpod-\(id)"))
    #expect(!KernelLog.names(id, in: "6,1,2,-;something about \(id)"))
    #expect(!KernelLog.names(id, in: "6,1,2,-;oom-kill:oom_memcg=/other"))
  }

  @Test(arguments: [
    ("busybox", "https://index.docker.io/v1/", true), ("reg.example/a/b", "reg.example", true),
    ("reg.example/a/b", "reg.example/a", true), ("reg.example/a/b", "other.example", false),
  ])
  func credentialsAreFound(image: String, key: String, found: Bool) throws {
    let json = JSONValue.object(["auths": .object([key: ["auth": "dTpwOnc="]])])
    let header = RegistryAuth.header(for: try ImageReference(image), in: json)
    #expect((header != nil) == found)
  }

  @Test func discoveryTriesInOrder() {
    let configuration = EngineConfiguration(
      environment: ["DOCKER_HOST": "unix:///a.sock", "CONTAINER_HOST": "unix:///b.sock", "HOME": "/h"],
      stateDirectory: "/s"
    )
    #expect(
      configuration.candidates.map(\.path) == [
        "/a.sock", "/b.sock", "/run/podman/podman.sock", "/var/run/docker.sock", "/h/.docker/run/docker.sock",
      ]
    )
  }

  @Test func whatWasTriedIsSaid() async throws {
    let executor = EngineExecutor(
      configuration: EngineConfiguration(socket: "unix:///nowhere/x.sock", environment: [:], stateDirectory: "/tmp"),
      transport: .init()
    )
    let error = await #expect(throws: SidecarError.self) { try await executor.describe() }
    #expect(error?.code == .engineUnavailable)
    #expect(error?.message.contains("/nowhere/x.sock (settings): no such socket") == true)
    let ping = await #expect(throws: SidecarError.self) { try await executor.ping() }
    #expect(ping?.code == .engineUnavailable)
  }
}
