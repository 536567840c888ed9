import JSON
import Model
import Platform
import Synchronization
import Testing

@testable import EmbeddedPlatform

/// Projects, functions, tasks and secrets, and what the calls say of those that are not there.
@Suite struct EntitiesTests {
  private func image(_ image: String, name: String = "f") -> FunctionDraft {
    FunctionDraft(project: "default", name: name, spec: ["image": .string(image)])
  }

  @Test func theDefaultProjectMakesItselfAndNoOther() async throws {
    try await Workplace.use { place in
      let platform = place.sidecar()
      let function = try await platform.createFunction(image("i"))
      #expect(function.project == "default")
      #expect(try await platform.getProject("default").name == "default")
      let elsewhere = FunctionDraft(project: "nowhere", name: "f", spec: ["image": "i"])
      let error = await refusal { _ = try await platform.createFunction(elsewhere) }
      #expect(error?.code == .projectNotFound && error?.hint?.contains("getOrCreateProject") == true)
    }
  }

  /// An unknown project is said to be unknown, whatever was asked for in it.
  @Test func anUnknownProjectIsNamedByEveryCall() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let id = EntityID.generate()
      let query = EntityQuery(project: "nowhere")
      let run = RunReference(project: "nowhere", id: id)
      let function = FunctionReference.named("f", project: "nowhere")
      let calls: [(String, () async throws -> Void)] = [
        ("getProject", { _ = try await platform.getProject("nowhere") }),
        ("deleteProject", { _ = try await platform.deleteProject("nowhere", cascade: true) }),
        ("getFunction", { _ = try await platform.getFunction(function) }),
        ("listFunctions", { _ = try await platform.listFunctions(query, allVersions: false) }),
        ("updateFunction", { _ = try await platform.updateFunction(function, patch: [:]) }),
        ("deleteFunction", { _ = try await platform.deleteFunction(function, allVersions: true, cascade: true) }),
        ("getTask", { _ = try await platform.getTask(project: "nowhere", id: id) }),
        ("listTasks", { _ = try await platform.listTasks(query, function: nil, action: nil) }),
        (
          "run",
          { _ = try await platform.run(RunDraft(project: "nowhere", function: function, action: .job, spec: [:])) }
        ),
        ("getRun", { _ = try await platform.getRun(run) }),
        ("listRuns", { _ = try await platform.listRuns(RunQuery(project: "nowhere")) }),
        ("waitRun", { _ = try await platform.waitRun(run, until: .terminal, timeoutSeconds: 1) { _ in } }),
        ("stopRun", { _ = try await platform.stopRun(run, graceSeconds: nil) {} }),
        ("deleteRun", { _ = try await platform.deleteRun(run) {} }),
        ("getRunLogs", { _ = try await platform.getRunLogs(run, query: LogQuery(), timeoutSeconds: 1) }),
        ("setSecret", { _ = try await platform.setSecret(project: "nowhere", name: "A", value: "v") }),
        ("listSecrets", { _ = try await platform.listSecrets(query) }),
        ("deleteSecret", { _ = try await platform.deleteSecret(project: "nowhere", name: "A") }),
      ]
      for (name, call) in calls { #expect(await refusal(call)?.code == .projectNotFound, "\(name)") }
    }
  }

  @Test func whatIsNotThereIsNamedWithAHint() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let id = EntityID.generate()
      let query = EntityQuery(project: "default")
      let calls: [(ErrorCode, () async throws -> Void)] = [
        (.functionNotFound, { _ = try await platform.getFunction(.named("g")) }),
        (.functionNotFound, { _ = try await platform.run(.job("g")) }),
        (.functionNotFound, { _ = try await platform.listTasks(query, function: .named("g"), action: nil) }),
        (.taskNotFound, { _ = try await platform.getTask(project: "default", id: id) }),
        (.runNotFound, { _ = try await platform.getRun(RunReference(project: "default", id: id)) }),
        (.secretNotFound, { _ = try await platform.deleteSecret(project: "default", name: "A") }),
      ]
      for (code, call) in calls {
        let error = await refusal(call)
        #expect(error?.code == code)
        #expect(error?.hint?.isEmpty == false)
      }
    }
  }

  @Test func aSecondFunctionOfTheNameIsANewVersion() async throws {
    try await Workplace.use { place in
      let platform = place.sidecar()
      let one = try await platform.createFunction(image("one"))
      let two = try await platform.createFunction(image("two"))
      #expect(one.id != two.id && one.name == two.name)
      #expect(try await platform.getFunction(.named("f")).id == two.id)
      let first = FunctionReference(project: "default", target: .version(id: one.id))
      #expect(try await platform.getFunction(first).spec["image"] == "one")
      #expect(try await platform.listFunctions(EntityQuery(project: "default"), allVersions: false).total == 1)
      let all = try await platform.listFunctions(EntityQuery(project: "default"), allVersions: true)
      #expect(all.items.map(\.id) == [two.id, one.id])
      #expect(
        await refusal { _ = try await platform.deleteFunction(.named("f"), allVersions: false, cascade: false) }?.code
          == .ambiguousName
      )
      #expect(try await platform.deleteFunction(first, allVersions: false, cascade: false).map(\.id) == [one.id])
      #expect(try await platform.deleteFunction(.named("f"), allVersions: false, cascade: false).map(\.id) == [two.id])
    }
  }

  @Test func aRunKeepsWhatTheFunctionSaid() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job { $0.spec = ["args": ["a"]] })
      _ = try await platform.updateFunction(.named("f"), patch: ["spec": ["image": "j", "command": "sh"]])
      let later = try await platform.getRun(run.reference)
      #expect(later.spec["image"] == "i" && later.spec["command"] == nil && later.spec["args"] == ["a"])
      #expect(later.spec["function"]?.stringValue?.hasPrefix("container://default/f:") == true)
      #expect(!later.spec.contains("function_spec") && !later.spec.contains("run_spec"))
      // What a run gives wins.
      let other = try await platform.run(.job { $0.spec = ["image": "k"] })
      #expect(other.spec["image"] == "k" && other.spec["command"] == "sh")
    }
  }

  @Test func aPatchThatLeavesFaultsChangesNothing() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let error = await refusal {
        _ = try await platform.updateFunction(.named("f"), patch: ["spec": ["code": "a", "code_src": "b"]])
      }
      #expect(error?.code == .invalidParams && error?.faults.map(\.pointer) == ["/code_src"])
      #expect(try await platform.getFunction(.named("f")).spec == ["image": "i"])
    }
  }

  @Test func dependentsAreNamedAndGoWithACascade() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let run = try await platform.run(.job())
      _ = try await platform.running(run)
      #expect(
        await refusal { _ = try await platform.deleteFunction(.named("f"), allVersions: false, cascade: false) }?.code
          == .hasDependents
      )
      #expect(await refusal { _ = try await platform.deleteProject("default", cascade: false) }?.code == .hasDependents)
      _ = try await platform.deleteFunction(.named("f"), allVersions: false, cascade: true)
      #expect(place.engine.container(run.id) == nil)
      _ = try await platform.createFunction(image("i"))
      let second = try await platform.run(.job())
      _ = try await platform.running(second)
      #expect(try await platform.deleteProject("default", cascade: true).name == "default")
      #expect(place.engine.container(second.id) == nil)
      #expect(try await platform.listProjects(EntityQuery(project: "")).total == 0)
    }
  }

  @Test func oneTaskForEachFunctionAndAction() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let runs = [try await platform.run(.job()), try await platform.run(.job())]
      let tasks = try await platform.listTasks(EntityQuery(project: "default"), function: .named("f"), action: .job)
      #expect(tasks.total == 1)
      let task = try #require(tasks.items.first)
      #expect(task.kind == "container+job")
      #expect(runs.map { $0.spec["task"] } == [.string(task.entityKey.reference), .string(task.entityKey.reference)])
      #expect(try await platform.getTask(project: "default", id: task.id) == task)
    }
  }

  @Test func secretsReachTheExecutorAndNothingElse() async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      let missing = await refusal { _ = try await platform.run(.job { $0.spec = ["secrets": ["A", "B"]] }) }
      #expect(missing?.code == .secretNotFound && missing?.faults.map(\.pointer) == ["/secrets/0", "/secrets/1"])
      #expect(missing?.hint?.contains("setSecret") == true)
      _ = try await platform.setSecret(project: "default", name: "A", value: "s3cret")
      let set = try await platform.setSecret(project: "default", name: "A", value: "s3cret-2")
      #expect(!JSONValue.object(set.json).text().contains("s3cret"))
      let run = try await platform.run(.job { $0.spec = ["secrets": ["A"]] })
      _ = try await platform.running(run)
      #expect(place.engine.state.withLock { $0.secrets } == ["A": "s3cret-2"])
      let shown =
        try await [platform.getRun(run.reference)] + platform.listSecrets(EntityQuery(project: "default")).items
      for entity in shown { #expect(!JSONValue.object(entity.json).text().contains("s3cret")) }
      #expect(try await platform.deleteSecret(project: "default", name: "A").name == "A")
    }
  }

  @Test(arguments: [
    (["state": "completed"], "/state"), (["sort": "state"], "/sort"), (["cursor": "zz"], "/cursor"),
  ])
  func aListThatCanNotBeSaysWhy(given: [String: String], pointer: String) async throws {
    try await Workplace.use { place in
      let platform = try await place.sidecarWithFunction()
      var query = RunQuery(project: "default")
      query.states = given["state"].map { [RunState(rawValue: $0)] } ?? []
      query.sort = given["sort"].flatMap(RunQuery.SortField.init) ?? .created
      query.cursor = given["cursor"]
      let asked = query
      #expect(await refusal { _ = try await platform.listRuns(asked) }?.faults.map(\.pointer) == [pointer])
    }
  }
}
