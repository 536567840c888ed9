internal import Model

/// Puts a run's transitions and its log into one order: what a program wrote stands between the transition that started
/// it and the one that ended it. Pure: told what is seen, it tells what can be told.
///
/// Transitions that lead to a start are told at once. Any other waits for the entries that are not later than it, and the
/// last one of a run that is over for all of the log. What a job or a build writes waits until it is said to run.
package struct RunEventMerge: Sendable {
  /// Behind what was told.
  package private(set) var cursor: RunCursor
  package private(set) var look: RunLook
  private var entries: [LogEntry] = []
  private var cursors: [String] = []
  private var next = 0
  private var isLogCurrent = false
  package var isLogOver: Bool

  /// Without `logs` only the transitions.
  package init(after cursor: RunCursor, look: RunLook, logs: Bool) {
    self.cursor = cursor
    self.look = look
    isLogOver = !logs
  }

  package mutating func see(_ look: RunLook) { self.look = look }

  package mutating func add(_ batch: LogBatch) {
    if next == entries.count {
      entries = batch.entries
      cursors = batch.cursors
    } else {
      entries = entries[next...] + batch.entries
      cursors = cursors[next...] + batch.cursors
    }
    next = 0
    if batch.isCurrent { isLogCurrent = true }
  }

  /// The run is over, and all is told.
  package var isFinished: Bool {
    look.isOver && isLogOver && next == entries.count && cursor.states >= look.changes.count
  }

  /// All that can be told now, in order.
  package mutating func events() -> [RunEvent] {
    var events: [RunEvent] = []
    while cursor.states < look.changes.count {
      let change = look.changes[cursor.states]
      guard !change.leadsToStart else {
        tell(change, &events)
        continue
      }
      if look.isOver, cursor.states == look.changes.count - 1 {
        tellEntries(to: nil, &events)
        guard isLogOver else { return events }
      } else {
        tellEntries(to: Timestamp(parsing: change.time), &events)
        guard next < entries.count || isLogCurrent || isLogOver else { return events }
      }
      tell(change, &events)
    }
    if !isStarting { tellEntries(to: nil, &events) }
    return events
  }

  /// Whether the program is still to be said to run, before what it wrote is told.
  private var isStarting: Bool {
    guard look.startsWhenRunning, !look.isOver, cursor.states > 0 else { return false }
    // A look that is older than the cursor says nothing.
    guard cursor.states <= look.changes.count else { return true }
    let last = look.changes[cursor.states - 1]
    return last.leadsToStart && last.state != .running
  }

  /// What is left of the log where the run is gone.
  package mutating func rest() -> [RunEvent] {
    var events: [RunEvent] = []
    tellEntries(to: nil, &events)
    return events
  }

  /// The last event of all; it is no part of the history.
  package func end(_ end: RunStreamEnd) -> RunEvent {
    RunEvent(seq: cursor.seq + 1, cursor: cursor, content: .end(end))
  }

  private mutating func tell(_ change: StateChange, _ events: inout [RunEvent]) {
    cursor.seq += 1
    cursor.states += 1
    events.append(RunEvent(seq: cursor.seq, cursor: cursor, content: .state(change)))
  }

  /// Those that are not later; nil: all.
  private mutating func tellEntries(to time: Timestamp?, _ events: inout [RunEvent]) {
    while next < entries.count {
      if let time, entries[next].timestamp > time { return }
      cursor.seq += 1
      cursor.log = cursors[next]
      events.append(RunEvent(seq: cursor.seq, cursor: cursor, content: .log(entries[next])))
      next += 1
    }
    entries = []
    cursors = []
    next = 0
  }
}
