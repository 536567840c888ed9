internal import JSON
package import Model

/// One step of a run's history, as a subscriber gets it.
package struct RunEvent: Sendable {
  package enum Content: Sendable {
    case state(StateChange)
    case log(LogEntry)
    case end(RunStreamEnd)
  }

  /// From 1 on, from the beginning of the run's history.
  package var seq: Int
  /// The history goes on right behind this event, in any sidecar. An end is no part of the history: its cursor
  /// is that of the event before it.
  package var cursor: RunCursor
  package var content: Content

  package init(seq: Int, cursor: RunCursor, content: Content) {
    self.seq = seq
    self.cursor = cursor
    self.content = content
  }
}

/// One transition of a run.
package struct StateChange: Sendable, Hashable {
  package var state: RunState
  /// As the platform writes it.
  package var time: String
  package var message: String?
  /// Why, and with which code of the program, where this is how the run is now.
  package var reason: String?
  package var exitCode: Int?

  package init(state: RunState, time: String, message: String? = nil, reason: String? = nil, exitCode: Int? = nil) {
    self.state = state
    self.time = time
    self.message = message
    self.reason = reason
    self.exitCode = exitCode
  }

  /// Whether it leads to the start of the program, rather than to its end: it comes before all that the program writes.
  var leadsToStart: Bool { Self.starting.contains(state) }

  private static let starting: Set<RunState> = [.created, .built, .ready, .pending, .running, .resume]

  /// All that a run's `status.transitions` has, which is newest first, in the order in which they were.
  package static func all(of run: Entity) -> [StateChange] {
    let transitions = run.status["transitions"]?.arrayValue ?? []
    var changes = transitions.reversed().map { transition in
      StateChange(
        state: RunState(rawValue: transition["status"]?.stringValue ?? ""),
        time: transition["time"]?.stringValue ?? "",
        message: transition["message"]?.stringValue
      )
    }
    if let last = changes.last, last.state.isTerminal, last.state.rawValue == run.status["state"]?.stringValue {
      changes[changes.count - 1].reason = run.status["reason"]?.stringValue
      changes[changes.count - 1].exitCode = run.status["exit_code"]?.integerValue
      changes[changes.count - 1].message = last.message ?? run.status["message"]?.stringValue
    }
    return changes
  }
}

/// Why no more events come.
package struct RunStreamEnd: Sendable {
  package enum Reason: String, Sendable, CaseIterable {
    /// The run is over, and everything was told.
    case finished
    case deleted
    case unsubscribed
    /// `error` says what went wrong; the run goes on.
    case failed
  }

  package var reason: Reason
  /// As it was last seen.
  package var run: Entity?
  package var error: SidecarError?

  package init(_ reason: Reason, run: Entity? = nil, error: SidecarError? = nil) {
    self.reason = reason
    self.run = run
    self.error = error
  }
}

/// A run at one moment; nil where it is gone.
package struct RunLook: Sendable {
  package var run: Entity
  /// In the order in which they were. Only ever grows.
  package var changes: [StateChange]
  package var isOver: Bool
  /// Whether the program's start is a transition of its own. A serve or a deploy is RUNNING only when all of it is up, and
  /// what it says until then is wanted before.
  package var startsWhenRunning: Bool

  package init(_ run: Entity, changes: [StateChange]? = nil) {
    self.run = run
    self.changes = changes ?? StateChange.all(of: run)
    isOver = RunState(rawValue: run.status["state"]?.stringValue ?? "").isTerminal
    startsWhenRunning = run.spec["action"]?.stringValue.flatMap(Action.init).map { !$0.staysUp } ?? false
  }
}

/// Which events are wanted.
package struct RunEventQuery: Sendable {
  /// A cursor that an event had: only what came after it.
  package var after: String?
  package var logs: Bool
  /// Without `after`: only so many of the entries that are there already, the last ones.
  package var logTail: Int?

  package init(after: String? = nil, logs: Bool = true, logTail: Int? = nil) {
    self.after = after
    self.logs = logs
    self.logTail = logTail
  }
}

/// Some entries of a log, in order.
package struct LogBatch: Sendable {
  package var entries: [LogEntry] = []
  /// Behind each entry: from there reading goes on without losing or repeating one.
  package var cursors: [String] = []
  /// Everything that was written up to now has been read.
  package var isCurrent = false

  package init(entries: [LogEntry] = [], cursors: [String] = [], isCurrent: Bool = false) {
    self.entries = entries
    self.cursors = cursors
    self.isCurrent = isCurrent
  }

  package mutating func append(_ entry: LogEntry, cursor: String) {
    entries.append(entry)
    cursors.append(cursor)
  }

  /// For bounds of memory.
  package var bytes: Int {
    entries.reduce(0) { $0 + $1.text.utf8.count } + 160 * entries.count
  }
}
