import HTTP
import Model
import Platform

/// Reads a container's log, page by page.
struct LogReader {
  let client: EngineClient
  let container: String

  /// Without an `after`, from the start (or `tail`, or `since`). A line without an end counts once the program has
  /// ended.
  func page(_ query: LogQuery) async throws -> LogPage {
    let start = try query.after.map { try LogCursor(parsing: $0) } ?? LogCursor()
    guard let state = try await client.inspect(container) else { return LogPage(entries: [], cursor: start.text) }
    let page = try await read(query, from: start, tailFrom: try await secondOfTail(query), ended: !state.isRunning)
    guard query.follow, page.entries.isEmpty, state.isRunning else { return page }
    let followed = try await follow(query, from: start)
    if !followed.entries.isEmpty { return followed }
    // The stream ended: Docker drops an unterminated last line while following, so it is read again.
    return try await read(query, from: start, tailFrom: nil, ended: true)
  }

  /// The second in which the last `tail` entries begin, so that counting can start at its start.
  private func secondOfTail(_ query: LogQuery) async throws -> Int64? {
    guard let tail = query.tail, tail > 0, query.after == nil else { return nil }
    var first: Int64?
    try await stream("&tail=\(tail)", ended: true) { entry in
      let second = entry.timestamp.nanoseconds / 1_000_000_000
      first = min(first ?? second, second)
      return true
    }
    return first
  }

  private func read(_ query: LogQuery, from start: LogCursor, tailFrom: Int64?, ended: Bool) async throws -> LogPage {
    let wantedSecond = query.after == nil ? query.since.map { $0.nanoseconds / 1_000_000_000 } : nil
    let since = max(start.since, tailFrom ?? 0, wantedSecond ?? 0)
    var counter = LogCounter(start)
    var entries: [LogEntry] = []
    try await stream(sinceParameter(since), ended: ended) { entry in
      guard entry.timestamp.nanoseconds / 1_000_000_000 >= since else { return true }
      guard counter.isNew(entry) else { return true }
      if let earliest = query.since, isBefore(entry.timestamp, earliest) { return true }
      entries.append(entry)
      if query.tail == nil { return entries.count < query.limit }
      if let tail = query.tail, entries.count > 2 * max(tail, 1000) { entries.removeFirst(entries.count - tail) }
      return true
    }
    if let tail = query.tail { entries = Array(entries.suffix(min(max(tail, 0), query.limit))) }
    return LogPage(entries: entries, cursor: counter.cursor.text)
  }

  private func follow(_ query: LogQuery, from start: LogCursor) async throws -> LogPage {
    var counter = LogCounter(start)
    var entries: [LogEntry] = []
    var demultiplexer = LogDemultiplexer(container: container)
    try await chunks("&follow=1" + sinceParameter(start.since)) { chunk in
      for entry in demultiplexer.entries(adding: chunk) where entries.count < query.limit && counter.isNew(entry) {
        if let earliest = query.since, isBefore(entry.timestamp, earliest) { continue }
        entries.append(entry)
      }
      return entries.isEmpty
    }
    return LogPage(entries: entries, cursor: counter.cursor.text)
  }

  /// Podman writes whole seconds only, so there an entry of the same second may be meant.
  private func isBefore(_ timestamp: Timestamp, _ earliest: Timestamp) -> Bool {
    guard client.engine.isPodman else { return timestamp < earliest }
    return timestamp.nanoseconds / 1_000_000_000 < earliest.nanoseconds / 1_000_000_000
  }

  /// One second earlier: Podman leaves out what is exactly at the time given.
  private func sinceParameter(_ second: Int64) -> String { second > 1 ? "&since=\(second - 1)" : "" }

  private func stream(_ parameters: String, ended: Bool, _ take: (LogEntry) -> Bool) async throws {
    var demultiplexer = LogDemultiplexer(container: container)
    var more = true
    try await chunks(parameters) { chunk in
      for entry in demultiplexer.entries(adding: chunk) where more { more = take(entry) }
      return more
    }
    guard more, ended else { return }
    for entry in demultiplexer.rest() where more { more = take(entry) }
  }

  private func chunks(_ parameters: String, _ take: ([UInt8]) throws -> Bool) async throws {
    let path = "/containers/\(container)/logs?stdout=1&stderr=1&timestamps=1" + parameters
    let response = try await client.open(EngineCall("GET", path), longLived: true)
    guard response.isSuccess else {
      let reply = EngineReply(status: response.status, body: try await response.body())
      if reply.status == 404 { return }
      throw SidecarError(.engineError, "The log of \(container) can't be read.", cause: reply.message)
    }
    try await response.forEachChunk(take)
  }
}
