import Foundation
import JSON
import Model
import Testing

@testable import Catalog

@Suite struct LeaseTests {
  @Test func aLivingOwnerKeepsItsRuns() async throws {
    let directory = try Directory()
    let one = try await Catalog.make(directory)
    let other = Catalog(path: directory.catalog)
    let (run, _) = try await one.insertRun(Make.run())
    #expect(!one.isDriven(run))
    #expect(try await one.acquireLease(run: run.id))
    #expect(try await one.acquireLease(run: run.id))
    #expect(try await !other.acquireLease(run: run.id))
    let leased = try #require(try await other.run(project: "p", id: run.id))
    #expect(other.isDriven(leased))
    try await other.releaseLease(run: run.id)
    #expect(try await !other.acquireLease(run: run.id))
    try await one.releaseLease(run: run.id)
    #expect(try await other.acquireLease(run: run.id))
    #expect(try await !one.acquireLease(run: run.id))
    #expect(try await !one.acquireLease(run: "none"))
  }

  @Test func closingGivesUp() async throws {
    let directory = try Directory()
    let one = try await Catalog.make(directory)
    let other = Catalog(path: directory.catalog)
    let (run, _) = try await one.insertRun(Make.run())
    #expect(try await one.acquireLease(run: run.id))
    await one.close()
    #expect(try await other.acquireLease(run: run.id))
    #expect(try await !one.acquireLease(run: run.id))
  }

  @Test func anOwnerThatWasKilledIsDead() async throws {
    let directory = try Directory()
    let path = directory.catalog
    let catalog = try await Catalog.make(directory)
    let (run, _) = try await catalog.insertRun(Make.run("leased"))
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let catalog = Catalog(path: path)
      guard try await catalog.acquireLease(run: "leased") else { exit(1) }
      kill(getpid(), SIGKILL)
      await catalog.close()
    }
    let owners = path + "-owners"
    let left = try FileManager.default.contentsOfDirectory(atPath: owners)
    #expect(left.count == 1)
    let leased = try #require(try await catalog.run(project: "p", id: run.id))
    #expect(leased.leaseOwner == left.first)
    #expect(!catalog.isDriven(leased))
    #expect(try await catalog.acquireLease(run: run.id))
    // The file of the dead is gone, ours is there and locked.
    let now = try FileManager.default.contentsOfDirectory(atPath: owners)
    #expect(now.count == 1 && now != left)
    #expect(try mode(owners) == 0o700)
    #expect(try mode(owners + "/" + now[0]) == 0o600)
  }

  @Test func ofManyThatFollowADeadOwnerOneWins() async throws {
    let directory = try Directory()
    let catalogs = [try await Catalog.make(directory)] + (0..<7).map { _ in Catalog(path: directory.catalog) }
    for _ in 0..<10 {
      let (run, _) = try await catalogs[0].insertRun(Make.run())
      let dead = Catalog(path: directory.catalog)
      #expect(try await dead.acquireLease(run: run.id))
      await dead.close()
      let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
        for catalog in catalogs { group.addTask { try await catalog.acquireLease(run: run.id) } }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(winners == 1)
    }
  }

  @Test func anIDFromTheFileIsNoPath() async throws {
    let directory = try Directory()
    let file = directory.path + "/locked"
    let descriptor = open(file, O_RDWR | O_CREAT, 0o600)
    #expect(flock(descriptor, LOCK_EX) == 0)
    defer { close(descriptor) }
    #expect(!Owner.isAlive("locked", directory: directory.path))
    #expect(!Owner.isAlive("../locked", directory: directory.path + "/x"))
  }
}
