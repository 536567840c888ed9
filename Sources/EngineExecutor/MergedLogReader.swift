import Model
import Platform

/// Reads the logs of all replicas as one, in the order of their times. Its cursor is that of each, one after the other.
struct MergedLogReader {
  private static let patience = Duration.milliseconds(250)
  /// Between two replicas' cursors; none of theirs has it.
  private static let separator: Character = "+"

  let readers: [LogReader]

  /// With `follow` it waits for the first new entry of any replica, through their restarts, until none of them can
  /// write any more.
  func page(_ query: LogQuery) async throws -> LogPage {
    let start = try cursors(query)
    while true {
      let page = try await read(query, from: start)
      guard query.follow, page.entries.isEmpty, try await canWrite() else { return page }
      try await Task.sleep(for: Self.patience)
    }
  }

  private func cursors(_ query: LogQuery) throws -> [LogCursor?] {
    guard let after = query.after else { return readers.map { _ in nil } }
    let parts = after.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
    // Another run's: each reader says what is wrong with it.
    guard parts.count == readers.count else { return try readers.map { _ in try LogCursor(parsing: "?") } }
    return try parts.map { try LogCursor(parsing: $0) }
  }

  private func read(_ query: LogQuery, from start: [LogCursor?]) async throws -> LogPage {
    var pages: [LogPage] = []
    for (reader, cursor) in zip(readers, start) {
      var own = query
      own.follow = false
      own.after = cursor?.text
      pages.append(try await reader.page(own))
    }
    if let tail = query.tail, query.after == nil { return last(min(max(tail, 0), query.limit), pages) }
    return try MergedLog.first(query.limit, of: pages, from: start.map { $0?.text }, since: query.since)
      .page(separator: Self.separator)
  }

  private func last(_ count: Int, _ pages: [LogPage]) -> LogPage {
    let merged = MergedLog.ordered(pages).suffix(count).map(\.entry)
    return LogPage(entries: Array(merged), cursor: pages.map(\.cursor).joined(separator: String(Self.separator)))
  }

  private func canWrite() async throws -> Bool {
    for reader in readers {
      guard let state = try await reader.client.inspect(reader.container) else { continue }
      if !state.hasEnded { return true }
    }
    return false
  }
}

/// Entries of several logs in the order of their times, and how far each log was read. Pure.
struct MergedLog {
  var entries: [LogEntry]
  var cursors: [String]

  func page(separator: Character) -> LogPage {
    LogPage(entries: entries, cursor: cursors.joined(separator: String(separator)))
  }

  /// The first entries of all; what is left over of a log is before its cursor's place the next time. A page that was
  /// cut sets the end for all: behind it, its log may have entries that are older than the others'.
  static func first(
    _ limit: Int,
    of pages: [LogPage],
    from start: [String?],
    since: Timestamp?
  ) throws -> MergedLog {
    let ends = pages.compactMap { page in
      isCut(page, limit) ? page.entries.last?.timestamp.nanoseconds : nil
    }
    let horizon = ends.min() ?? .max
    var taken = Array(repeating: 0, count: pages.count)
    var entries: [LogEntry] = []
    var bytes = 0
    for (source, entry) in ordered(pages) {
      guard entry.timestamp.nanoseconds <= horizon, entries.count < limit, bytes < LogReader.pageBytes else { break }
      entries.append(entry)
      bytes += entry.text.utf8.count
      taken[source] += 1
    }
    var cursors: [String] = []
    for (index, page) in pages.enumerated() {
      if taken[index] == page.entries.count {
        cursors.append(page.cursor)
        continue
      }
      var cursor = try start[index].map { try LogCursor(parsing: $0) } ?? LogCursor(from: since?.nanoseconds ?? 0)
      for entry in page.entries.prefix(taken[index]) {
        cursor.move(past: entry.stream, at: entry.timestamp.nanoseconds)
      }
      cursors.append(cursor.text)
    }
    return MergedLog(entries: entries, cursors: cursors)
  }

  /// Entries of one log stay in their order, also where a clock was set back.
  static func ordered(_ pages: [LogPage]) -> [(source: Int, entry: LogEntry)] {
    var positions = Array(repeating: 0, count: pages.count)
    var result: [(source: Int, entry: LogEntry)] = []
    result.reserveCapacity(pages.reduce(0) { $0 + $1.entries.count })
    while true {
      var next: Int?
      for index in pages.indices where positions[index] < pages[index].entries.count {
        guard let best = next else {
          next = index
          continue
        }
        let time = pages[index].entries[positions[index]].timestamp.nanoseconds
        if time < pages[best].entries[positions[best]].timestamp.nanoseconds { next = index }
      }
      guard let next else { return result }
      result.append((next, pages[next].entries[positions[next]]))
      positions[next] += 1
    }
  }

  private static func isCut(_ page: LogPage, _ limit: Int) -> Bool {
    page.entries.count >= limit || page.entries.reduce(0) { $0 + $1.text.utf8.count } >= LogReader.pageBytes
  }
}
