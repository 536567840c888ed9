/// Where a run is. Open: a server may send states that this version does not know; they pass through.
package struct RunState: RawRepresentable, Sendable, Hashable {
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  package static let created = RunState(rawValue: "CREATED")
  package static let built = RunState(rawValue: "BUILT")
  package static let ready = RunState(rawValue: "READY")
  package static let pending = RunState(rawValue: "PENDING")
  package static let running = RunState(rawValue: "RUNNING")
  package static let completed = RunState(rawValue: "COMPLETED")
  package static let error = RunState(rawValue: "ERROR")
  package static let stop = RunState(rawValue: "STOP")
  package static let stopped = RunState(rawValue: "STOPPED")
  package static let resume = RunState(rawValue: "RESUME")
  package static let deleting = RunState(rawValue: "DELETING")
  package static let deleted = RunState(rawValue: "DELETED")

  /// Nothing more happens by itself.
  package var isTerminal: Bool { [.completed, .error, .stopped, .deleted].contains(self) }

  /// The one table of what may follow what.
  package static let transitions: [RunState: Set<RunState>] = [
    created: [built, error, deleting],
    built: [ready, error, deleting],
    ready: [pending, running, error, deleting, stop],
    pending: [running, completed, error, stop, deleting],
    running: [completed, error, stop, deleting],
    stop: [stopped, completed, error, deleting],
    stopped: [resume, deleting],
    resume: [pending, running, error, stop, deleting],
    completed: [deleting],
    error: [deleting],
    deleting: [deleted, error],
  ]

  package func canBecome(_ next: RunState) -> Bool { Self.transitions[self]?.contains(next) ?? false }
}
