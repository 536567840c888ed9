import CSQLite
import Foundation
import JSON
import Model
import Testing

@testable import Catalog

/// The file itself: modes, versions, damage, a full disk, a killed writer.
@Suite struct FileTests {
  @Test func onlyTheOwnerMayRead() async throws {
    let directory = try Directory()
    let old = umask(0)
    defer { umask(old) }
    let catalog = try await Catalog.make(directory)
    for suffix in ["", "-wal", "-shm"] { #expect(try mode(directory.catalog + suffix) == 0o600) }
    #expect(try mode(directory.path + "/state") == 0o700)
    await catalog.close()
    chmod(directory.catalog, 0o644)
    #expect(try await Catalog(path: directory.catalog).project("p") != nil)
    #expect(try mode(directory.catalog) == 0o600)
  }

  @Test func acknowledgedMeansWritten() async throws {
    let directory = try Directory()
    _ = try await Catalog.make(directory)
    let path = directory.catalog
    for round in 0..<8 {
      let ledger = directory.path + "/ledger\(round)"
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, ledger = ledger as String, round = round as Int] in
        let acknowledged = try Ledger(ledger)
        let catalog = Catalog(path: path)
        let killer = Thread {
          usleep(UInt32(20_000 + round * 17_000))
          kill(getpid(), SIGKILL)
        }
        killer.start()
        while true {
          let (run, _) = try await catalog.insertRun(Make.run(state: .pending))
          acknowledged.append("\(run.id) PENDING")
          _ = try await catalog.transition(run: run.id, from: .pending, seq: 0, to: .running, status: [:])
          acknowledged.append("\(run.id) RUNNING")
        }
      }
      let catalog = Catalog(path: path)
      for line in try Ledger.lines(ledger) {
        let parts = line.split(separator: " ")
        let run = try await catalog.run(project: "p", id: String(parts[0]))
        #expect(run != nil)
        // The change after the last acknowledged one may be there too.
        if parts[1] == "RUNNING" { #expect(run?.state == .running) }
      }
    }
    let written = try (0..<8).map { try Ledger.lines(directory.path + "/ledger\($0)").count }.reduce(0, +)
    #expect(written > 20)
    #expect(try shell(path, "PRAGMA integrity_check") == "ok")
  }

  @Test func anOlderFileIsBroughtForward() async throws {
    let directory = try Directory()
    let old = try await Catalog.make(directory)
    let (run, _) = try await old.insertRun(Make.run())
    await old.close()
    var next = Migrations.standard
    next.steps.append("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; CREATE TABLE notes (text TEXT)")
    next.steps.append("INSERT INTO notes SELECT id FROM runs")
    let new = Catalog(path: directory.catalog, migrations: next)
    #expect(try await new.check() == Migrations.standard.steps.count + 2)
    #expect(try await new.run(project: "p", id: run.id) == run)
    #expect(try shell(directory.catalog, "SELECT text FROM notes") == run.id)
    await new.close()
    // Now that file is the newer one.
    let error = await #expect(throws: SidecarError.self) {
      _ = try await Catalog(path: directory.catalog).project("p")
    }
    #expect(error?.code == .catalogTooNew)
    let known = Migrations.standard.steps.count
    #expect(error?.message.contains("version \(known + 2)") == true)
    #expect(error?.message.contains("up to \(known)") == true)
    #expect(error?.message.contains(directory.catalog) == true)
    #expect(try await Catalog(path: directory.catalog, migrations: next).project("p") != nil)
  }

  @Test func aStepThatFailsLeavesTheFileAsItWas() async throws {
    let directory = try Directory()
    let old = try await Catalog.make(directory)
    await old.close()
    var broken = Migrations.standard
    broken.steps.append("CREATE TABLE half (a TEXT); INSERT INTO nowhere VALUES (1)")
    #expect(await code { _ = try await Catalog(path: directory.catalog, migrations: broken).check() } == .catalogError)
    #expect(try await Catalog(path: directory.catalog).check() == Migrations.standard.steps.count)
    #expect(try shell(directory.catalog, "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == "0")
  }

  @Test func anotherProgramsFileStaysAsItIs() async throws {
    let directory = try Directory()
    let path = directory.path + "/other.db"
    _ = try shell(path, "CREATE TABLE theirs (a TEXT)")
    let error = await #expect(throws: SidecarError.self) { _ = try await Catalog(path: path).check() }
    #expect(error?.code == .catalogError)
    #expect(error?.message.contains("another program") == true)
    #expect(try shell(path, "SELECT group_concat(name) FROM sqlite_master") == "theirs")
  }

  @Test func whatIsNoCatalogIsNamed() async throws {
    let directory = try Directory()
    let text = directory.path + "/text"
    try String(repeating: "this is no database\n", count: 100).write(toFile: text, atomically: true, encoding: .utf8)
    let cases = [text, directory.path, "/dev/null", "/proc/nothing/catalog.db", text + "/catalog.db"]
    for path in cases {
      let error = await #expect(throws: SidecarError.self) { _ = try await Catalog(path: path).check() }
      #expect(error?.code == .catalogError, "\(path)")
      #expect(error?.message.contains(path.replacing("/catalog.db", with: "")) == true, "\(error as Any)")
      #expect(error?.hint?.isEmpty == false)
    }
  }

  @Test func aDamagedFileIsSaidToBeDamaged() async throws {
    let directory = try Directory()
    let catalog = try await Catalog.make(directory)
    for _ in 0..<200 { try await catalog.insertFunction(Make.function("f")) }
    await catalog.close()
    let handle = try #require(FileHandle(forUpdatingAtPath: directory.catalog))
    try handle.seek(toOffset: 4096)
    try handle.write(contentsOf: Data(repeating: 0xa5, count: 40 * 4096))
    try handle.close()
    let error = await #expect(throws: SidecarError.self) {
      let damaged = Catalog(path: directory.catalog)
      _ = try await damaged.functions(project: "p", ListQuery(limit: 1000, versions: .all))
    }
    #expect(error?.code == .catalogError)
    #expect(error?.message.contains("damaged") == true)
  }

  @Test func aFileThatWasRemovedIsMadeAnew() async throws {
    let directory = try Directory()
    let catalog = try await Catalog.make(directory)
    try FileManager.default.removeItem(atPath: directory.path + "/state")
    #expect(try await catalog.project("p") == nil)
    _ = try await catalog.getOrInsertProject(Make.project("p"))
    #expect(try await Catalog(path: directory.catalog).project("p") != nil)
  }

  /// A file that may not grow (RLIMIT_FSIZE) fails as a full disk does; what was acknowledged stays.
  @Test func aFullDiskRecordsNothing() async throws {
    let directory = try Directory()
    let path = directory.catalog
    _ = try await Catalog.make(directory)
    let ledger = directory.path + "/ledger"
    await #expect(processExitsWith: .success) { [path = path as String, ledger = ledger as String] in
      var limit = rlimit(rlim_cur: 300_000, rlim_max: 300_000)
      guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
      let acknowledged = try Ledger(ledger)
      let catalog = Catalog(path: path)
      do {
        while true {
          let function = Make.function("f")
          try await catalog.insertFunction(function)
          acknowledged.append(function.id)
        }
      } catch let error as SidecarError {
        guard error.code == .catalogFull, error.message.contains(path), error.hint != nil else {
          print(error)
          exit(3)
        }
      }
      // It still answers.
      guard try await catalog.function(project: "p", name: "f") != nil else { exit(4) }
    }
    let acknowledged = try Ledger.lines(ledger)
    #expect(acknowledged.count > 10)
    let catalog = Catalog(path: path)
    #expect(try await catalog.functionVersions(project: "p", name: "f").map(\.id) == acknowledged)
    try await catalog.insertFunction(Make.function("f"))
  }

  private static let mayMount: Bool = {
    guard let directory = try? Directory() else { return false }
    defer { umount2(directory.path, Int32(MNT_DETACH)) }
    return mount("none", directory.path, "tmpfs", 0, "size=16k") == 0
  }()

  @Test(.enabled(if: mayMount, "a small file system can't be mounted here"))
  func aFullFileSystemRecordsNothing() async throws {
    let directory = try Directory()
    try #require(mount("none", directory.path, "tmpfs", 0, "size=600k") == 0)
    defer { umount2(directory.path, Int32(MNT_DETACH)) }
    let catalog = try await Catalog.make(directory)
    var acknowledged: [String] = []
    let error = await #expect(throws: SidecarError.self) {
      while acknowledged.count < 10_000 {
        let function = Make.function("f")
        try await catalog.insertFunction(function)
        acknowledged.append(function.id)
      }
    }
    #expect(error?.code == .catalogFull)
    #expect(try await catalog.functionVersions(project: "p", name: "f").map(\.id) == acknowledged)
    // Room again, and it goes on.
    try #require(mount("none", directory.path, "tmpfs", UInt(MS_REMOUNT), "size=4m") == 0)
    try await catalog.insertFunction(Make.function("f"))
  }

  @Test func theTextOfAnErrorHasNoSecret() async throws {
    let directory = try Directory()
    let catalog = try await Catalog.make(directory)
    _ = try shell(
      directory.catalog,
      "CREATE TRIGGER no BEFORE INSERT ON secrets BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    let error = await #expect(throws: SidecarError.self) {
      _ = try await catalog.setSecret(Make.secret("S"), value: "hunter2")
    }
    #expect(error?.cause?.contains("refused") == true)
    #expect(!"\(error as Any)".contains("hunter2"))
  }

  @Test func aBusyFileIsWaitedForAndThenNamed() async throws {
    let directory = try Directory()
    _ = try await Catalog.make(directory)
    let catalog = Catalog(path: directory.catalog, busySeconds: 1)
    var connection: OpaquePointer?
    #expect(sqlite3_open(directory.catalog, &connection) == SQLITE_OK)
    defer { sqlite3_close(connection) }
    #expect(sqlite3_exec(connection, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    async let written: Void = catalog.insertFunction(Make.function("f"))
    try await Task.sleep(for: .milliseconds(300))
    #expect(sqlite3_exec(connection, "COMMIT", nil, nil, nil) == SQLITE_OK)
    try await written
    #expect(sqlite3_exec(connection, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    #expect(await code { try await catalog.insertFunction(Make.function("f")) } == .timeout)
    #expect(try await catalog.function(project: "p", name: "f") != nil)
  }

  /// The first value that SQLite itself gives, through a connection that isn't ours.
  private func shell(_ path: String, _ sql: String) throws -> String {
    var connection: OpaquePointer?
    var statement: OpaquePointer?
    defer {
      sqlite3_finalize(statement)
      sqlite3_close(connection)
    }
    guard sqlite3_open(path, &connection) == SQLITE_OK,
      sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK
    else { throw Missing() }
    guard sqlite3_step(statement) == SQLITE_ROW, let text = sqlite3_column_text(statement, 0) else { return "" }
    return String(cString: text)
  }
}
