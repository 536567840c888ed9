import Model
import Platform

/// Where a reader stands: per stream, a second and how many lines of that second were given. Exact with Podman's
/// whole-second timestamps too; per stream, since only within one do the engines write in order.
struct LogCursor: Hashable {
  struct Place: Hashable {
    var second: Int64 = 0
    var given = 0
  }
  var stdout = Place()
  var stderr = Place()

  init() {}

  init(parsing text: String) throws {
    let parts = text.split(separator: ".")
    guard parts.count == 5, parts[0] == "e1", let a = Int64(parts[1]), let b = Int(parts[2]), let c = Int64(parts[3]),
      let d = Int(parts[4]), a >= 0, b >= 0, c >= 0, d >= 0
    else {
      throw SidecarError(
        .invalidParams,
        "The cursor is not one of this platform's.",
        faults: [
          Fault(pointer: "/after", rule: "cursor", message: "unknown form", hint: "pass a cursor from getRunLogs")
        ]
      )
    }
    stdout = Place(second: a, given: b)
    stderr = Place(second: c, given: d)
  }

  var text: String { "e1.\(stdout.second).\(stdout.given).\(stderr.second).\(stderr.given)" }

  subscript(stream: LogEntry.Stream) -> Place {
    get { stream == .stdout ? stdout : stderr }
    set { if stream == .stdout { stdout = newValue } else { stderr = newValue } }
  }

  /// From where the engine must be read so that every count starts at the start of its second.
  var since: Int64 { min(stdout.second, stderr.second) }
}

/// Skips what a cursor has seen and moves the cursor on.
struct LogCounter {
  private let start: LogCursor
  private var counts: [LogEntry.Stream: LogCursor.Place] = [:]
  private(set) var cursor: LogCursor

  init(_ start: LogCursor) {
    self.start = start
    cursor = start
  }

  /// True where the entry is new.
  mutating func isNew(_ entry: LogEntry) -> Bool {
    let second = entry.timestamp.nanoseconds / 1_000_000_000
    let place = start[entry.stream]
    guard second >= place.second else { return false }
    var count = counts[entry.stream] ?? LogCursor.Place(second: second)
    if count.second != second { count = LogCursor.Place(second: second) }
    count.given += 1
    counts[entry.stream] = count
    guard second > place.second || count.given > place.given else { return false }
    cursor[entry.stream] = count
    return true
  }
}
