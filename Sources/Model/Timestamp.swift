/// A moment in nanoseconds since 1970-01-01T00:00:00Z; on the wire RFC 3339 in UTC.
package struct Timestamp: Sendable, Hashable, Comparable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }
}
