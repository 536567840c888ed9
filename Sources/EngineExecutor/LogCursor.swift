import Model
import Platform

/// Where a reader stands: per stream, the time of the last entry given and how many entries of exactly that time were
/// given. So it is exact with Podman's whole-second times too; per stream, since only within one do the engines write
/// in order.
struct LogCursor: Hashable {
  struct Place: Hashable {
    /// Nanoseconds since 1970. Everything before it was given.
    var time: Int64 = 0
    var given = 0
  }
  var stdout = Place()
  var stderr = Place()

  init() {}

  /// Before the first entry that is not older than this.
  init(from time: Int64) {
    stdout.time = time
    stderr.time = time
  }

  init(parsing text: String) throws {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "e2", let a = Int64(parts[1]), let b = Int(parts[2]), let c = Int64(parts[3]),
      let d = Int(parts[4]), a >= 0, b >= 0, c >= 0, d >= 0
    else {
      throw SidecarError(
        .invalidParams,
        "Invalid params: `after` is none that getRunLogs gave.",
        faults: [
          Fault(
            pointer: "/after",
            rule: "cursor",
            message: "`after` is none that getRunLogs gave.",
            hint: "Pass its `cursor`."
          )
        ]
      )
    }
    stdout = Place(time: a, given: b)
    stderr = Place(time: c, given: d)
  }

  var text: String { "e2.\(stdout.time).\(stdout.given).\(stderr.time).\(stderr.given)" }

  subscript(stream: LogEntry.Stream) -> Place {
    get { stream == .stdout ? stdout : stderr }
    set { if stream == .stdout { stdout = newValue } else { stderr = newValue } }
  }

  /// An entry was given. A clock that was set back moves nothing.
  mutating func move(past stream: LogEntry.Stream, at time: Int64) {
    let place = self[stream]
    guard time >= place.time else { return }
    self[stream] = Place(time: time, given: time == place.time ? place.given + 1 : 1)
  }

  /// From which time the engine must be asked, so that nothing new is missed. A stream that has been silent must not
  /// make the other one be read from its start again: the two are out of order by far less than the seconds allowed
  /// for here.
  var since: Int64 {
    let disorder: Int64 = 2_000_000_000
    return max(min(stdout.time, stderr.time), max(stdout.time, stderr.time) - disorder)
  }
}

/// Passes over what a cursor has seen already, in a log that is read from the cursor's `since` or before.
struct LogSkipper {
  private let start: LogCursor
  private var seenStdout = 0
  private var seenStderr = 0

  init(_ start: LogCursor) { self.start = start }

  mutating func isNew(_ stream: LogEntry.Stream, at time: Int64) -> Bool {
    let place = start[stream]
    if time != place.time { return time > place.time }
    if stream == .stdout {
      seenStdout += 1
      return seenStdout > place.given
    }
    seenStderr += 1
    return seenStderr > place.given
  }
}
