internal import Catalog
internal import Model

/// Notices what other sidecars write to the catalog, while somebody here waits for a run that another drives: one look
/// at the file's change counter for all waiters.
actor ForeignChanges {
  private let catalog: Catalog
  private let changes: RunChanges
  private var waiters = 0
  private var watch: Task<Void, Never>?

  private static let interval = Duration.milliseconds(40)
  /// After so many quiet looks the waiters look all the same: the sidecar that drove their run may have died.
  private static let quietLooks = 25

  init(catalog: Catalog, changes: RunChanges) {
    self.catalog = catalog
    self.changes = changes
  }

  func begin() {
    waiters += 1
    guard watch == nil else { return }
    watch = Task { [catalog, changes] in
      var seen = try? await catalog.changeToken()
      var quiet = 0
      while (try? await Task.sleep(for: Self.interval)) != nil {
        let token = try? await catalog.changeToken()
        quiet += 1
        guard token != seen || quiet >= Self.quietLooks else { continue }
        seen = token
        quiet = 0
        changes.publishToAll(.look)
      }
    }
  }

  func end() {
    waiters -= 1
    guard waiters == 0 else { return }
    watch?.cancel()
    watch = nil
  }
}
