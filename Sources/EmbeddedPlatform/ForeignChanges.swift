internal import Catalog
internal import Model

/// Notices what other sidecars write to the catalog: one look at the file's change counter for all who wait for a run
/// that another sidecar drives, and for all drivers here, whose runs another may stop.
actor ForeignChanges {
  private let catalog: Catalog
  private let changes: RunChanges
  private var waiters = 0
  private var drivers: [String: RunDriver] = [:]
  private var watch: Task<Void, Never>?

  private static let interval = Duration.milliseconds(40)
  /// After so many quiet looks the waiters look all the same: the sidecar that drove their run may have died.
  private static let quietLooks = 25

  init(catalog: Catalog, changes: RunChanges) {
    self.catalog = catalog
    self.changes = changes
  }

  func beginWaiting() {
    waiters += 1
    watchIfWanted()
  }

  func endWaiting() {
    waiters -= 1
    watchIfWanted()
  }

  func begin(_ driver: RunDriver, of run: String) {
    drivers[run] = driver
    watchIfWanted()
  }

  func end(_ run: String) {
    drivers[run] = nil
    watchIfWanted()
  }

  private func watchIfWanted() {
    let isWanted = waiters > 0 || !drivers.isEmpty
    if !isWanted {
      watch?.cancel()
      watch = nil
    } else if watch == nil {
      watch = Task { [weak self] in await self?.look() }
    }
  }

  private func look() async {
    var seen = try? await catalog.changeToken()
    var quiet = 0
    while (try? await Task.sleep(for: Self.interval)) != nil {
      let token = try? await catalog.changeToken()
      quiet += 1
      let isChanged = token?.others != seen?.others
      seen = token
      if isChanged { await interruptDrivers() }
      guard isChanged || quiet >= Self.quietLooks else { continue }
      quiet = 0
      if waiters > 0 { changes.publishToAll(.look) }
    }
  }

  private func interruptDrivers() async {
    guard !drivers.isEmpty, let runs = try? await catalog.unfinishedRuns() else { return }
    for run in runs where run.state == .stop || run.state == .deleting {
      // Not awaited: a stop lasts as long as its grace.
      if let driver = drivers[run.id] { Task { await driver.interrupt() } }
    }
  }
}
