internal import Model

// What an executor that has pages only can do: a place is the page's cursor and the number of entries behind it.
extension Executor {
  package func followLogs(
    _ execution: Execution,
    after place: String,
    over: RunOver,
    take: @escaping @Sendable (LogBatch) async throws -> Void
  ) async throws {
    var (cursor, skipped) = PagedPlace.parse(place)
    var isToldCurrent = false
    while true {
      // Before the look, so that what the look finds is final.
      let isOver = over.isSet
      let page = try await logs(execution, query: LogQuery(after: cursor, limit: 1000))
      var batch = LogBatch()
      for (index, entry) in page.entries.enumerated().dropFirst(skipped) {
        let isLast = index == page.entries.count - 1
        batch.append(entry, cursor: isLast ? page.cursor : PagedPlace.text(cursor, index + 1))
      }
      if !page.entries.isEmpty { (cursor, skipped) = (page.cursor, 0) }
      if !batch.entries.isEmpty {
        try await take(batch)
        continue
      }
      if !page.entries.isEmpty { continue }
      if !isToldCurrent { try await take(LogBatch(isCurrent: true)) }
      isToldCurrent = true
      if isOver { return }
      try await over.wait(atMost: .milliseconds(250))
    }
  }

  package func lastLogs(_ execution: Execution, count: Int) async throws -> (start: String, batch: LogBatch) {
    let page = try await logs(execution, query: LogQuery(tail: count))
    return (page.cursor, LogBatch(entries: page.entries, cursors: page.entries.map { _ in page.cursor }))
  }
}

private enum PagedPlace {
  static func text(_ cursor: String?, _ skipped: Int) -> String { "\(skipped)@\(cursor ?? "")" }

  static func parse(_ text: String) -> (cursor: String?, skipped: Int) {
    guard let mark = text.firstIndex(of: "@"), let skipped = Int(text[..<mark]) else {
      return (text.isEmpty ? nil : text, 0)
    }
    let cursor = String(text[text.index(after: mark)...])
    return (cursor.isEmpty ? nil : cursor, skipped)
  }
}
