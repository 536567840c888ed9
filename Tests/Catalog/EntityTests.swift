import JSON
import Model
import Testing

@testable import Catalog

@Suite struct EntityTests {
  let directory: Directory
  let catalog: Catalog

  init() async throws {
    directory = try Directory()
    catalog = try await Catalog.make(directory)
  }

  @Test func everythingThatGoesInComesOut() async throws {
    let function = Make.function("f")
    try await catalog.insertFunction(function)
    #expect(try await catalog.function(project: "p", name: "f") == function)
    #expect(try await catalog.function(project: "p", id: function.id) == function)
    #expect(try await catalog.function(project: "q", id: function.id) == nil)
    let (task, _) = try await catalog.findOrInsertTask(Make.task(.job), functionID: function.id, action: .job)
    #expect(try await catalog.task(project: "p", id: task.id) == task)
    let (run, inserted) = try await catalog.insertRun(Make.run(key: "k", fingerprint: "x"))
    #expect(inserted)
    #expect(run.entity.status == ["state": "CREATED"])
    #expect(try await catalog.run(project: "p", id: run.id) == run)
    await catalog.close()
    #expect(try await catalog.function(project: "p", name: "f") == function)
    #expect(try await Catalog(path: directory.catalog).run(project: "p", id: run.id) == run)
  }

  @Test func aProjectIsMadeOnce() async throws {
    let (same, inserted) = try await catalog.getOrInsertProject(Make.project("p"))
    #expect(!inserted)
    #expect(try await catalog.project("p") == same)
    #expect(await code { try await catalog.insertProject(Make.project("p")) } == .alreadyExists)
    #expect(try await catalog.project("nothing") == nil)
    #expect(try await catalog.projects().items.map(\.name) == ["p"])
  }

  @Test func whatIsInNoProjectIsRefused() async throws {
    #expect(await code { try await catalog.insertFunction(Make.function("f", project: "q")) } == .projectNotFound)
    #expect(await code { _ = try await catalog.insertRun(Make.run(project: "q")) } == .projectNotFound)
    let secret = Make.secret("S", project: "q")
    #expect(await code { _ = try await catalog.setSecret(secret, value: "v") } == .projectNotFound)
    let task = Make.task(.job)
    #expect(
      await code { _ = try await catalog.findOrInsertTask(task, functionID: "none", action: .job) }
        == .functionNotFound
    )
  }

  @Test func aSecondFunctionOfTheNameIsANewVersion() async throws {
    let versions = [Make.function("f"), Make.function("f"), Make.function("f")]
    for version in versions { try await catalog.insertFunction(version) }
    try await catalog.insertFunction(Make.function("g"))
    #expect(try await catalog.function(project: "p", name: "f")?.id == versions[2].id)
    #expect(try await catalog.functionVersions(project: "p", name: "f").map(\.id) == versions.map(\.id))
    let latest = try await catalog.functions(project: "p", ListQuery(sort: .name, descending: false))
    #expect(latest.items.map(\.name) == ["f", "g"])
    #expect(latest.items.first?.id == versions[2].id)
    #expect(latest.total == 2)
    #expect(try await catalog.functions(project: "p", ListQuery(versions: .all)).total == 4)
    #expect(try await catalog.functions(project: "p", ListQuery(name: "f", versions: .all)).total == 3)
    _ = try await catalog.deleteFunctions(project: "p", ids: [versions[2].id])
    #expect(try await catalog.function(project: "p", name: "f")?.id == versions[1].id)
    let again = Make.function("h", id: versions[0].id)
    #expect(await code { try await catalog.insertFunction(again) } == .alreadyExists)
  }

  @Test func aFunctionIsChangedInPlace() async throws {
    let function = Make.function("f")
    try await catalog.insertFunction(function)
    let changed = try await catalog.updateFunction(project: "p", id: function.id) {
      $0.spec["image"] = "alpine"
      $0.id = "other"
      $0.project = "other"
      $0.metadata.created = Timestamp(nanoseconds: 1)
    }
    #expect(changed?.id == function.id)
    #expect(changed?.spec["image"] == "alpine")
    #expect(changed?.metadata.created == function.metadata.created)
    #expect(try await catalog.function(project: "p", id: function.id) == changed)
    #expect(try await catalog.updateFunction(project: "p", id: "none") { _ in } == nil)
    struct Refused: Error {}
    await #expect(throws: Refused.self) {
      _ = try await catalog.updateFunction(project: "p", id: function.id) { _ in throw Refused() }
    }
    #expect(try await catalog.function(project: "p", id: function.id) == changed)
  }

  @Test func aTaskIsOneOfFunctionAndAction() async throws {
    let function = Make.function("f")
    try await catalog.insertFunction(function)
    let (job, first) = try await catalog.findOrInsertTask(Make.task(.job), functionID: function.id, action: .job)
    let (again, second) = try await catalog.findOrInsertTask(Make.task(.job), functionID: function.id, action: .job)
    _ = try await catalog.findOrInsertTask(Make.task(.serve), functionID: function.id, action: .serve)
    #expect(first && !second && job == again)
    #expect(try await catalog.tasks(project: "p").total == 2)
    #expect(try await catalog.tasks(project: "p", ListQuery(function: "f", action: .job)).items == [job])
    #expect(try await catalog.tasks(project: "p", ListQuery(function: function.id)).total == 2)
    #expect(try await catalog.tasks(project: "p", ListQuery(function: "g")).total == 0)
  }

  @Test func dependentsHoldADeletionBack() async throws {
    let function = Make.function("f")
    try await catalog.insertFunction(function)
    _ = try await catalog.findOrInsertTask(Make.task(.job), functionID: function.id, action: .job)
    var run = Make.run()
    run.functionID = function.id
    _ = try await catalog.insertRun(run)
    let ids = [function.id, "not there"]
    #expect(await code { _ = try await catalog.deleteFunctions(project: "p", ids: ids) } == .hasDependents)
    #expect(try await catalog.deleteRun(project: "p", id: run.entity.id))
    let deleted = try await catalog.deleteFunctions(project: "p", ids: ids)
    #expect([deleted.functions.count, deleted.tasks.count, deleted.runs.count] == [1, 1, 0])
    #expect(try await catalog.tasks(project: "p").total == 0)
  }

  @Test func aProjectGoesWithAllThatIsInIt() async throws {
    _ = try await catalog.getOrInsertProject(Make.project("q"))
    var runs: [String] = []
    for project in ["p", "q"] {
      try await catalog.insertFunction(Make.function("f", project: project))
      runs.append(try await catalog.insertRun(Make.run(project: project)).run.id)
      _ = try await catalog.setSecret(Make.secret("S", project: project), value: "v")
    }
    #expect(await code { _ = try await catalog.deleteProject("p", cascade: false) } == .hasDependents)
    // Its containers would be nobody's.
    #expect(await code { _ = try await catalog.deleteProject("p", cascade: true) } == .hasDependents)
    #expect(try await catalog.deleteRun(project: "p", id: runs[0]))
    let deleted = try #require(try await catalog.deleteProject("p", cascade: true))
    #expect(deleted.functions.count == 1 && deleted.runs.isEmpty && deleted.secretNames == ["S"])
    #expect(try await catalog.project("p") == nil)
    #expect(try await catalog.runs(project: "p").total == 0)
    #expect(try await catalog.runs(project: "q").total == 1)
    #expect(try await catalog.functions(project: "q").total == 1)
    #expect(try await catalog.deleteProject("p", cascade: true) == nil)
  }

  @Test func secretsKeepTheirValuesToThemselves() async throws {
    let first = try await catalog.setSecret(Make.secret("S"), value: "v1-hidden")
    let second = try await catalog.setSecret(Make.secret("S"), value: "v2-hidden")
    #expect(first.id == second.id)
    #expect(try await catalog.secretValues(project: "p", names: ["S", "T"]) == ["S": "v2-hidden"])
    #expect(try await catalog.secretValues(project: "q", names: ["S"]) == [:])
    let listed = try await catalog.secrets(project: "p")
    #expect(listed.total == 1)
    #expect(!"\(listed)".contains("hidden"))
    #expect(try await catalog.deleteSecret(project: "p", name: "S"))
    #expect(try await !catalog.deleteSecret(project: "p", name: "S"))
  }
}
