internal import Model
internal import Platform

/// From records to a page of entries: pure.
enum CoreLogPage {
  /// `isOver`: the run has ended, so that a last line without its line break is complete.
  static func make(_ records: [LogRecord], query: LogQuery, isOver: Bool) throws -> LogPage {
    var (entries, cursor) = try chosen(records, query: query, isOver: isOver)
    entries = Array(entries.prefix(query.limit))
    for given in entries { cursor.move(to: given.end, in: records[given.record]) }
    return LogPage(entries: entries.map(\.entry), cursor: cursor.text)
  }

  /// The same, with the cursor behind each entry.
  static func batch(_ records: [LogRecord], query: LogQuery, isOver: Bool) throws -> LogBatch {
    var (entries, cursor) = try chosen(records, query: query, isOver: isOver)
    var batch = LogBatch()
    for given in entries.prefix(query.limit) {
      cursor.move(to: given.end, in: records[given.record])
      batch.append(given.entry, cursor: cursor.text)
    }
    return batch
  }

  private typealias Chosen = (entry: LogEntry, record: Int, end: Int)

  /// What is asked for, and the cursor before it.
  private static func chosen(
    _ records: [LogRecord],
    query: LogQuery,
    isOver: Bool
  ) throws -> ([Chosen], CoreLogCursor) {
    var cursor = try query.after.map(CoreLogCursor.init(parsing:)) ?? CoreLogCursor()
    var entries: [Chosen] = []
    for (index, record) in records.enumerated() {
      // Where the last change is not known, nothing may be passed over.
      if let since = query.since, record.isLastChange, record.timestamp < since {
        // All that it has was there before.
        cursor.move(to: record.content.count, in: record)
        continue
      }
      for line in lines(of: record, from: cursor.start(in: record), isOver: isOver) {
        let entry = LogEntry(
          timestamp: record.timestamp,
          stream: .stdout,
          container: record.container,
          text: line.text
        )
        entries.append((entry, index, line.end))
      }
    }
    if let tail = query.tail, query.after == nil {
      for skipped in entries.dropLast(tail) { cursor.move(to: skipped.end, in: records[skipped.record]) }
      entries = Array(entries.suffix(tail))
    }
    return (entries, cursor)
  }

  /// Complete lines from an offset on, each with the offset behind its line break.
  private static func lines(of record: LogRecord, from start: Int, isOver: Bool) -> [(text: String, end: Int)] {
    var lines: [(text: String, end: Int)] = []
    var begin = start
    let content = record.content
    while begin < content.count {
      let newline = content[begin...].firstIndex(of: UInt8(ascii: "\n"))
      guard newline != nil || isOver else { break }
      let end = newline ?? content.count
      var line = content[begin..<end]
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      lines.append((String(decoding: line, as: UTF8.self), min(end + 1, content.count)))
      begin = end + 1
    }
    return lines
  }
}
