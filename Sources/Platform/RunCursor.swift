package import Model

/// How far a run's history was told. `r1-RUN-SEQ-STATES-LOG`: the first eight digits of the run's id, the number of
/// events, of transitions among them, and the executor's own place in the log.
package struct RunCursor: Sendable, Hashable {
  package var run: String
  package var seq = 0
  package var states = 0
  /// Empty at the beginning of the log.
  package var log = ""

  package init(run: String) { self.run = Self.short(run) }

  /// Throws `invalid_params` for what no event of this run had.
  package init(parsing text: String, run: String) throws(SidecarError) {
    let parts = text.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "r1", let seq = Int(parts[2]), let states = Int(parts[3]), seq >= states,
      states >= 0
    else { throw Self.fault("`after` is no cursor that an event had.") }
    guard parts[1] == Self.short(run) else { throw Self.fault("`after` is the cursor of another run.") }
    self.run = String(parts[1])
    self.seq = seq
    self.states = states
    log = String(parts[4])
  }

  package var text: String { "r1-\(run)-\(seq)-\(states)-\(log)" }

  private static func short(_ run: String) -> String { String(run.filter { $0 != "-" }.prefix(8)) }

  private static func fault(_ message: String) -> SidecarError {
    let hint = "Pass the `cursor` of an event of this run, or leave it out to begin at the beginning."
    let fault = Fault(pointer: "/after", rule: "cursor", message: message, hint: hint)
    return SidecarError(.invalidParams, "Invalid params: " + message, hint: hint, faults: [fault])
  }
}
