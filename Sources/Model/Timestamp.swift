#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A moment in nanoseconds since 1970-01-01T00:00:00Z; on the wire RFC 3339 in UTC.
package struct Timestamp: Sendable, Hashable, Comparable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  /// RFC 3339 in UTC with as many digits of the second as are needed, in groups of three: `2026-01-02T03:04:05.678Z`.
  package var text: String {
    let billion: Int64 = 1_000_000_000
    let seconds = nanoseconds >= 0 ? nanoseconds / billion : (nanoseconds - billion + 1) / billion
    let (subsecond, _) = nanoseconds.subtractingReportingOverflow(seconds.multipliedReportingOverflow(by: billion).0)
    let day = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
    let second = Int(seconds - day * 86400)
    let (year, month, dayOfMonth) = Self.civil(fromDay: Int(day))
    var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))"
    text += "T\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
    switch subsecond {
    case 0: break
    case let part where part % 1_000_000 == 0: text += ".\(Self.padded(Int(part / 1_000_000), 3))"
    case let part where part % 1000 == 0: text += ".\(Self.padded(Int(part / 1000), 6))"
    case let part: text += ".\(Self.padded(Int(part), 9))"
    }
    return text + "Z"
  }

  /// RFC 3339 with any offset and any number of digits of the second (beyond nine they are cut off). Nil for anything
  /// else, and outside 1678…2261, which is what 64 bits of nanoseconds hold.
  package init?(parsing text: String) {
    let bytes = Array(text.utf8)
    func number(_ start: Int, _ length: Int) -> Int? {
      guard start + length <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[start..<(start + length)] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    func has(_ characters: String, at index: Int) -> Bool {
      index < bytes.count && characters.utf8.contains(bytes[index])
    }
    guard let year = number(0, 4), has("-", at: 4), let month = number(5, 2), has("-", at: 7),
      let day = number(8, 2), has("Tt ", at: 10), let hour = number(11, 2), has(":", at: 13),
      let minute = number(14, 2), has(":", at: 16), let second = number(17, 2),
      (1...12).contains(month), (1...Self.days(inMonth: month, year: year)).contains(day),
      hour < 24, minute < 60, second <= 60, (1678...2261).contains(year)
    else { return nil }
    var index = 19
    var subsecond = 0
    if has(".", at: index) {
      index += 1
      let start = index
      var unit = 100_000_000
      while let digit = number(index, 1) {
        subsecond += digit * unit
        unit /= 10
        index += 1
      }
      guard index > start else { return nil }
    }
    var offset = 0
    if has("Zz", at: index) {
      index += 1
    } else {
      guard has("+-", at: index), let hours = number(index + 1, 2), has(":", at: index + 3),
        let minutes = number(index + 4, 2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (has("-", at: index) ? -1 : 1)
      index += 6
    }
    guard index == bytes.count else { return nil }
    let days = Self.day(year: year, month: month, day: day)
    let seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
    self.init(nanoseconds: Int64(seconds) * 1_000_000_000 + Int64(subsecond))
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func days(inMonth month: Int, year: Int) -> Int {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted from March so that the leap day is
  /// the year's last.
  private static func day(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(fromDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }
}
