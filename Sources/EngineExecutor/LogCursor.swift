import Model
import Platform

/// Where a reader stands: per stream, the time of the last entry given and how many entries of exactly that time were
/// given. So it is exact with Podman's whole-second times too; per stream, since only within one do the engines write
/// in order. An entry that was given without its end, because its program had ended, may be continued by the next one.
struct LogCursor: Hashable {
  struct Place: Hashable {
    /// Nanoseconds since 1970. Everything before it was given.
    var time: Int64 = 0
    var given = 0
    /// Bytes of the last entry given, where it had no line break; else 0.
    var unended = 0
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
    let numbers = parts.dropFirst().compactMap { Int64($0) }.filter { $0 >= 0 }
    switch (parts[0], numbers.count, parts.count) {
    case ("e2", 4, 5):
      stdout = Place(time: numbers[0], given: Int(numbers[1]))
      stderr = Place(time: numbers[2], given: Int(numbers[3]))
    case ("e3", 6, 7):
      stdout = Place(time: numbers[0], given: Int(numbers[1]), unended: Int(numbers[2]))
      stderr = Place(time: numbers[3], given: Int(numbers[4]), unended: Int(numbers[5]))
    default:
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
  }

  /// Made for every line of a log, so it is made in one go.
  var text: String {
    let isShort = stdout.unended == 0 && stderr.unended == 0
    let numbers =
      isShort
      ? [stdout.time, Int64(stdout.given), stderr.time, Int64(stderr.given)]
      : [
        stdout.time, Int64(stdout.given), Int64(stdout.unended), stderr.time, Int64(stderr.given),
        Int64(stderr.unended),
      ]
    // At most 20 characters each.
    return String(unsafeUninitializedCapacity: 2 + 21 * numbers.count) { buffer in
      var end = 2
      buffer[0] = UInt8(ascii: "e")
      buffer[1] = UInt8(ascii: isShort ? "2" : "3")
      for number in numbers {
        buffer[end] = UInt8(ascii: ".")
        end += 1
        let start = end
        var rest = number.magnitude
        repeat {
          buffer[end] = UInt8(ascii: "0") + UInt8(rest % 10)
          rest /= 10
          end += 1
        } while rest > 0
        buffer[start..<end].reverse()
      }
      return end
    }
  }

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

  mutating func move(past line: LogDemultiplexer.Line) {
    // The rest of a line counts as one with its beginning, where both are of the same time.
    if line.passed == 0 || line.time != self[line.stream].time { move(past: line.stream, at: line.time) }
    guard line.time == self[line.stream].time else { return }
    self[line.stream].unended = line.isEnded ? 0 : line.passed + line.bytes.count
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
  private struct Seen {
    /// Entries of exactly the cursor's time.
    var count = 0
    var isContinued = false
  }

  private let start: LogCursor
  private var stdout = Seen()
  private var stderr = Seen()

  init(_ start: LogCursor) { self.start = start }

  /// The line, or what has come behind the part of it that was given; nil where all of it was.
  mutating func new(_ line: LogDemultiplexer.Line) -> LogDemultiplexer.Line? {
    if line.stream == .stdout { return Self.new(line, start.stdout, &stdout) }
    return Self.new(line, start.stderr, &stderr)
  }

  private static func new(
    _ line: LogDemultiplexer.Line,
    _ place: LogCursor.Place,
    _ seen: inout Seen
  ) -> LogDemultiplexer.Line? {
    if line.time < place.time { return nil }
    if line.time == place.time { seen.count += 1 }
    let isNew = line.time > place.time || seen.count > place.given
    let mayContinue = place.unended > 0 && !seen.isContinued
    // The line that was given without its end: ended since at the same time, or later.
    let isContinued = line.time == place.time ? seen.count == place.given : line.start <= place.time
    guard mayContinue, isContinued else { return isNew ? line : nil }
    seen.isContinued = true
    guard line.bytes.count > place.unended else { return nil }
    var rest = line
    rest.passed = place.unended
    rest.bytes = UnsafeBufferPointer(rebasing: line.bytes[place.unended...])
    return rest
  }
}
