#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A moment in milliseconds since 1970-01-01T00:00:00Z, which is as fine as Core's timestamps are.
package typealias Milliseconds = Int64

/// The double's time: the machine's, or one that stands still until a test moves it.
struct DoubleClock: Sendable {
  var isManual: Bool
  private var offset: Milliseconds = 0
  private let start = Self.system()

  init(isManual: Bool) { self.isManual = isManual }

  func now() -> Milliseconds { (isManual ? start : Self.system()) + offset }

  mutating func advance(by milliseconds: Milliseconds) { offset += milliseconds }

  private static func system() -> Milliseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Milliseconds(time.tv_sec) * 1000 + Milliseconds(time.tv_nsec) / 1_000_000
  }
}

extension Milliseconds {
  /// RFC 3339 in UTC with three digits of the second, as Core writes it: `2026-01-02T03:04:05.678Z`.
  var instantText: String {
    let seconds = self / 1000
    let day = Int(seconds / 86400)
    let second = Int(seconds % 86400)
    let (year, month, dayOfMonth) = Self.civil(fromDay: day)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T\(padded(second / 3600, 2)):"
      + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(Int(self % 1000), 3))Z"
  }

  /// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm)`, what a filter on time takes; nil for anything else.
  init?(instant text: String) {
    var rest = text[...]
    func number(_ length: Int, before separators: String) -> Int? {
      guard let value = Int(rest.prefix(length)), rest.prefix(length).count == length else { return nil }
      rest = rest.dropFirst(length)
      guard let next = rest.first, separators.contains(next) else { return nil }
      if !".Z+-".contains(next) || separators == "-" { rest = rest.dropFirst() }
      return value
    }
    guard let year = number(4, before: "-"), let month = number(2, before: "-"), let day = number(2, before: "T"),
      let hour = number(2, before: ":"), let minute = number(2, before: ":"), let second = number(2, before: ".Z+-")
    else { return nil }
    var fraction = 0
    if rest.first == "." {
      let digits = rest.dropFirst().prefix { $0.isNumber }
      guard let value = Int((digits + "000").prefix(3)) else { return nil }
      fraction = value
      rest = rest.dropFirst(1 + digits.count)
    }
    var offset = 0
    if rest != "Z" {
      let parts = rest.dropFirst().split(separator: ":")
      guard rest.count == 6, parts.count == 2, let hours = Int(parts[0]), let minutes = Int(parts[1]) else {
        return nil
      }
      offset = (hours * 60 + minutes) * (rest.first == "-" ? -60 : 60)
    }
    let days = Self.day(year: year, month: month, day: day)
    let seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
    self = Milliseconds(seconds) * 1000 + Milliseconds(fraction)
  }

  /// Days since 1970-01-01, counted from March so that the leap day is the year's last.
  private static func day(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }

  private static func civil(fromDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}
