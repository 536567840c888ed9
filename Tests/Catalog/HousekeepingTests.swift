import Foundation
import JSON
import Model
import Testing

@testable import Catalog

@Suite struct CatalogHousekeepingTests {
  @Test func aCatalogHasANameAndACopyAnother() async throws {
    let directory = try Directory()
    let catalog = Catalog(path: directory.catalog)
    let name = try await catalog.identity()
    await catalog.close()
    let again = Catalog(path: directory.catalog)
    #expect(try await again.identity() == name && name.contains("-"))
    await again.close()
    try FileManager.default.copyItem(atPath: directory.catalog, toPath: directory.path + "/copy.db")
    #expect(try await Catalog(path: directory.path + "/copy.db").identity() != name)
  }

  @Test func oneOfSeveralSweepsAndAgainSomeTimeLater() async throws {
    let directory = try Directory()
    let (one, other) = (Catalog(path: directory.catalog), Catalog(path: directory.catalog))
    let now = Timestamp.now()
    func later(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: now.nanoseconds + seconds * 1_000_000_000) }
    // A new one has nothing left over.
    #expect(try await !one.claimSweep(at: now))
    try await one.requestSweep()
    let both = [try await one.claimSweep(at: now), try await other.claimSweep(at: now)]
    #expect(both == [true, false])
    // What was under way then is seen a minute later, then it is quiet for an hour.
    #expect(try await !one.claimSweep(at: later(59)))
    #expect(try await other.claimSweep(at: later(61)))
    #expect(try await !one.claimSweep(at: later(3600)))
    #expect(try await one.claimSweep(at: later(61 + 3601)))
  }

  @Test func expiredRunsAreFoundAcrossProjects() async throws {
    let directory = try Directory()
    let catalog = Catalog(path: directory.catalog)
    for project in ["p", "q"] { _ = try await catalog.getOrInsertProject(Make.project(project)) }
    var runs: [RunRecord] = []
    for project in ["p", "q", "p"] { runs.append(try await catalog.insertRun(Make.run(project: project)).run) }
    #expect(try await catalog.nextExpiry() == nil)
    let now = Timestamp.now()
    for (index, run) in runs.enumerated() {
      let expiry = Timestamp(nanoseconds: now.nanoseconds + Int64(1 - index) * 1_000_000_000)
      let status: JSONObject = ["expires_at": .string(expiry.text)]
      runs[index] = try #require(
        try await catalog.updateStatus(run: run.id, state: run.state, seq: run.seq, status: status)
      )
    }
    #expect(try await catalog.expiredRuns(at: now).map(\.id) == [runs[2].id, runs[1].id])
    #expect(try await catalog.expiredRuns(at: now, limit: 1).map(\.id) == [runs[2].id])
    #expect(try await catalog.nextExpiry()?.nanoseconds == now.nanoseconds - 1_000_000_000)
    let run = runs[2]
    _ = try await catalog.updateStatus(run: run.id, state: run.state, seq: run.seq, status: [:])
    #expect(try await catalog.expiredRuns(at: now).map(\.id) == [runs[1].id])
    #expect(try await catalog.known(runs: [run.id, "nobody"]) == [run.id])
  }
}
