internal import Model

extension Catalog {
  /// Makes this catalog the one that drives the run. True where it is now (or was before), false where a living
  /// sidecar drives it or there is no such run. A lease ends with `releaseLease`, with `close`, or with the process,
  /// however that ends.
  package func acquireLease(run id: String) throws -> Bool {
    let me = try ownerID()
    while true {
      let row = try read {
        try $0.query("SELECT lease_owner FROM runs WHERE id = ?", [.text(id)]) { $0.optionalText(0) }
      }
      guard let current = row.first else { return false }
      if current == me { return true }
      if let current, Owner.isAlive(current, directory: ownersDirectory) { return false }
      // Of several that saw the same dead owner one wins; the others see a living one in the next round.
      let changed = try read {
        try $0.execute(
          "UPDATE runs SET lease_owner = ? WHERE id = ? AND lease_owner IS ?",
          [.text(me), .text(id), SQLValue(current)]
        )
      }
      if changed > 0 { return true }
    }
  }

  /// Nothing where the lease is another's.
  package func releaseLease(run id: String) throws {
    guard let owner = currentOwnerID else { return }
    _ = try read {
      try $0.execute(
        "UPDATE runs SET lease_owner = NULL WHERE id = ? AND lease_owner = ?",
        [.text(id), .text(owner)]
      )
    }
  }

  /// Whether a living sidecar, this one included, drives the run.
  package nonisolated func isDriven(_ run: RunRecord) -> Bool {
    run.leaseOwner.map { Owner.isAlive($0, directory: ownersDirectory) } ?? false
  }
}
