import JSON
import JSONRPC
import Model
import ParameterSchema
import Platform
import Synchronization
import Testing

@testable import Sidecar

@Suite struct RegistryTests {
  private let registry = RecordingPlatform().registry()

  /// The methods that need no platform beyond this machine, in the design's names.
  @Test func everyMethodIsThere() {
    let names = MethodRegistry.declarations.map(\.name)
    for name in [
      "createFunction", "getFunction", "listFunctions", "updateFunction", "deleteFunction", "run", "getRun", "listRuns",
      "waitRun", "stopRun", "deleteRun", "getRunLogs", "renderRun", "validate", "getTask", "listTasks",
      "getOrCreateProject", "getProject", "listProjects", "deleteProject", "setSecret", "listSecrets", "deleteSecret",
      "getCapabilities", "getSchema", "rpc.discover", "initialize", "resumeRun", "getMetrics", "listProfiles",
      "subscribeRun", "unsubscribe",
    ] {
      #expect(names.contains(name))
    }
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: MethodRegistry.declarations.map(\.name))
  func aDeclarationIsComplete(name: String) throws {
    let method = try #require(MethodRegistry.declarations.first { $0.name == name })
    #expect(method.summary.hasSuffix(".") && !method.resultDescription.isEmpty)
    let check = method.check(method.example)
    #expect(check.faults.isEmpty, "\(name)'s own example is refused: \(check.faults)")
    for parameter in method.parameters {
      #expect(!parameter.title.isEmpty && parameter.description.hasSuffix("."), "\(name).\(parameter.name)")
    }
    #expect(Set(method.parameters.map(\.name)).count == method.parameters.count)
    #expect(Set(method.errors).count == method.errors.count)
    #expect(method.parameters.isEmpty || method.errors.contains(.invalidParams))
  }

  /// What comes out is what the declaration promises: no method fails on its own example.
  @Test(arguments: MethodRegistry.declarations.map(\.name))
  func anExampleIsAnswered(name: String) async throws {
    let method = try #require(MethodRegistry.declarations.first { $0.name == name })
    let registry = RecordingPlatform().registry()
    if name == "unsubscribe" { _ = try await registry.handle("subscribeRun", params: ["id": "x"], context: .none) }
    let answer = try await registry.handle(name, params: method.example, context: .none)
    #expect(answer.objectValue != nil)
  }

  /// An engine takes long to describe itself: for a second the reader repeats what it said.
  @Test func capabilitiesAreRepeatedForASecond() async throws {
    #expect(registry.scheduling(of: "getCapabilities", params: [:]) == .concurrent)
    let first = try await registry.handle("getCapabilities", params: [:], context: .none)
    #expect(registry.scheduling(of: "getCapabilities", params: [:]) == .inline)
    #expect(try registry.handleInline("getCapabilities", params: [:], context: .none) == first)
    #expect(registry.scheduling(of: "getCapabilities", params: ["x": 1]) == .concurrent)
    try await Task.sleep(for: .milliseconds(1100))
    #expect(registry.scheduling(of: "getCapabilities", params: [:]) == .concurrent)
  }

  /// Else whoever starts the engine, and asks again, is told of the past.
  @Test func anEngineThatIsGoneIsNeverRepeated() async throws {
    let registry = RecordingPlatform(capabilities: ["engine": nil, "engine_error": ["message": "x"]]).registry()
    _ = try await registry.handle("getCapabilities", params: [:], context: .none)
    #expect(registry.scheduling(of: "getCapabilities", params: [:]) == .concurrent)
  }

  @Test(arguments: [
    ("createFuncton", "Did you mean `createFunction`?"), ("getrun", "Did you mean `getRun`?"),
    ("run.discover", "Did you mean `rpc.discover`?"), ("", "`rpc.discover` lists the methods"),
    ("somethingElseEntirely", "`rpc.discover` lists the methods"),
  ])
  func anUnknownMethodNamesTheNearest(name: String, hint: String) async throws {
    #expect(registry.scheduling(of: name, params: [:]) == .inline)
    let inline = #expect(throws: ResponseError.self) {
      try registry.handleInline(name, params: [:], context: .none)
    }
    let other = await #expect(throws: ResponseError.self) {
      try await registry.handle(name, params: [:], context: .none)
    }
    for error in [inline, other] {
      #expect(error?.code == -32601)
      #expect(error?.data?["hint"]?.stringValue?.hasPrefix(hint) == true)
    }
  }

  private static let key = "store://keyed/function/container/f"

  @Test(
    arguments: [
      ("initialize", [:], .inline), ("validate", ["project": "p"], .inline), ("rpc.discover", [:], .inline),
      ("getRun", ["project": "p"], .concurrent), ("waitRun", ["project": "p"], .concurrent),
      ("listRuns", [:], .concurrent), ("getRunLogs", [:], .concurrent), ("getCapabilities", [:], .concurrent),
      ("createFunction", [:], .lane("standard")), ("createFunction", ["project": "p"], .lane("p")),
      ("run", ["project": "p", "function": "f"], .lane("p")), ("run", ["function": .string(key)], .lane("keyed")),
      ("run", ["function": "f"], .lane("standard")), ("stopRun", ["id": "x"], .lane("standard")),
      ("deleteRun", ["id": "store://keyed/run/container+job:run/0f8fad5bd9cb469fa16570867728950e"], .lane("keyed")),
      ("setSecret", ["project": "p"], .lane("p")), ("renderRun", ["project": "p"], .lane("p")),
      // The project is the one that is named.
      ("getOrCreateProject", ["name": "p"], .lane("p")), ("deleteProject", ["name": "p"], .lane("p")),
      // What is no text is found later, by the check.
      ("createFunction", ["project": 7], .lane("standard")), ("getOrCreateProject", [:], .lane("standard")),
    ] as [(String, JSONObject, Scheduling)]
  )
  func callsThatChangeAProjectShareItsLane(method: String, params: JSONObject, scheduling: Scheduling) {
    #expect(registry.scheduling(of: method, params: params) == scheduling)
  }

  /// On Core, which has no project by itself.
  @Test func withoutADefaultAProjectHasToBeNamed() async throws {
    let platform = RecordingPlatform()
    let registry = platform.registry(project: nil)
    for (method, params) in [
      ("listRuns", [:]), ("getFunction", ["function": "f"]), ("run", ["function": "f", "action": "job"]),
      ("setSecret", ["name": "A", "value": "v"]), ("getRun", ["id": "x"]),
    ] as [(String, JSONObject)] {
      let error = await #expect(throws: SidecarError.self) {
        try await registry.handle(method, params: params, context: .none)
      }
      #expect(error?.faults.map(\.pointer) == ["/project"] && error?.hint?.contains("--project") == true, "\(method)")
    }
    #expect(platform.all.isEmpty)
    for (method, params) in [
      ("listRuns", ["project": "p"]), ("getFunction", ["function": .string(Self.key)]), ("listProjects", [:]),
      ("getOrCreateProject", ["name": "p"]), ("deleteProject", ["name": "p"]),
    ] as [(String, JSONObject)] {
      _ = try await registry.handle(method, params: params, context: .none)
    }
    #expect(platform.all.count == 5)
    #expect(registry.scheduling(of: "createFunction", params: [:]) == .lane(""))
  }

  @Test func allFaultsComeAtOnceAndNothingIsDone() async throws {
    let platform = RecordingPlatform()
    let error = await #expect(throws: SidecarError.self) {
      try await platform.call("createFunction", ["nmae": "f", "kind": "pod", "image": ["i"], "labels": ["a", "a"]])
    }
    #expect(error?.faults.map(\.pointer) == ["/nmae", "/kind", "/image", "/labels/1", "/name"])
    #expect(error?.message.contains("and 4 more") == true)
    #expect(platform.all.isEmpty)
  }

  @Test func errorsBecomeWhatTheWireHas() {
    let fault = Fault(pointer: "/a", rule: "r", message: "m", hint: "h")
    let own = SidecarError(.engineUnavailable, "words", hint: "h", cause: "c", faults: [fault])
    let error = registry.responseError(for: own)
    #expect(error.code == 3001 && error.message == "words")
    #expect(
      error.data == [
        "code": "engine_unavailable", "retryable": true, "hint": "h", "cause": "c",
        "errors": [["pointer": "/a", "rule": "r", "message": "m", "hint": "h"]],
      ]
    )
    #expect(registry.responseError(for: ResponseError(code: 7, message: "m")).code == 7)
    struct Surprise: Error {}
    #expect(registry.responseError(for: Surprise()).code == -32603)
  }

  @Test func aNotificationIsCarriedOutAndItsFailureIsLogged() async {
    let warned = Mutex<[String]>([])
    let context = RequestContext(
      notify: { _, _ in },
      spawn: { _ in },
      warn: { line in warned.withLock { $0.append(line) } }
    )
    let platform = RecordingPlatform()
    await platform.registry().handleNotification("deleteProject", params: ["name": "p"], context: context)
    #expect(platform.all.count == 1)
    await platform.registry().handleNotification("deleteProject", params: [:], context: context)
    await platform.registry().handleNotification("initialized", params: [:], context: context)
    #expect(platform.all.count == 1)
    #expect(warned.withLock { $0.count } == 1)
    #expect(warned.withLock { $0.first?.contains("deleteProject failed") } == true)
  }

  @Test func initializeIgnoresWhatItDoesNotKnow() throws {
    let pids = Mutex<[Int]>([])
    let context = RequestContext(
      notify: { _, _ in },
      spawn: { _ in },
      watchParent: { pid in pids.withLock { $0.append(pid) } }
    )
    let params: JSONObject = ["processId": 7, "rootUri": nil, "capabilities": ["a": [:]], "clientInfo": ["name": "x"]]
    let answer = try registry.handleInline("initialize", params: params, context: context)
    #expect(answer["serverInfo"]?["name"] == "dh-sidecar" && answer["platform"] == "local")
    #expect(answer["protocol_version"] == "1" && answer["capabilities"]?["batches"] == true)
    _ = try registry.handleInline("initialize", params: ["processId": nil], context: context)
    #expect(pids.withLock { $0 } == [7])
  }
}
