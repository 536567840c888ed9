import Glibc
import Model

/// Times as the engines write them: RFC 3339, Podman with an offset, and the year 1 for "never".
enum EngineTime {
  static func parse(_ text: String) -> Timestamp? {
    guard text.utf8.first.map({ $0 >= 48 && $0 <= 57 }) == true, !text.hasPrefix("0001-") else { return nil }
    return Timestamp(parsing: text)
  }
}

/// Reads the times of a log, most of which differ from the one before only behind the second.
struct EngineTimeReader {
  /// `2026-01-02T03:04:05`, and what stands behind the fraction: `Z` or an offset.
  private var head: [UInt8] = []
  private var tail: [UInt8] = []
  private var second: Int64 = 0

  /// Nanoseconds since 1970; nil for what is no time.
  mutating func nanoseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard text.count >= 20, text.count <= 40, let base = text.baseAddress else { return nil }
    var fraction: Int64 = 0
    var unit: Int64 = 100_000_000
    var index = 19
    if text[19] == UInt8(ascii: ".") {
      index = 20
      while index < text.count, text[index] >= 48, text[index] <= 57 {
        fraction += Int64(text[index] - 48) * unit
        unit /= 10
        index += 1
      }
      guard index > 20 else { return nil }
    }
    let rest = text.count - index
    if head.count == 19, tail.count == rest, memcmp(head, base, 19) == 0, memcmp(tail, base + index, rest) == 0 {
      return second + fraction
    }
    guard let parsed = EngineTime.parse(String(decoding: text, as: UTF8.self)) else { return nil }
    head = Array(text[..<19])
    tail = Array(text[index...])
    second = parsed.nanoseconds - fraction
    return parsed.nanoseconds
  }
}
