import HTTP
import Model
import Platform

/// Reads a container's log, page by page: from a cursor, from a time, or its last entries.
struct LogReader {
  /// A page ends with the entry that reaches this, so that one answer is never too large to be sent.
  static let pageBytes = 8 << 20
  /// How often a container is looked for that is not there yet.
  private static let patience = Duration.milliseconds(200)

  let client: EngineClient
  let container: String

  /// A line without an end counts once the program has ended. With `follow` it waits for the first new entry, also of
  /// a container that is still to be made, until the task is cancelled; it returns without entries where the program
  /// has ended or the container is removed meanwhile.
  func page(_ query: LogQuery) async throws -> LogPage {
    let start = try start(query)
    var state = try await client.inspect(container)
    while query.follow, state.map({ $0.status == "created" && $0.error.isEmpty }) ?? true {
      try await Task.sleep(for: Self.patience)
      state = try await client.inspect(container)
    }
    guard let state else { return LogPage(entries: [], cursor: start.text) }
    let page =
      if let tail = query.tail, query.after == nil {
        try await last(min(max(tail, 0), query.limit), query, ended: !state.isRunning)
      } else {
        try await read(from: start, limit: query.limit, ended: !state.isRunning)
      }
    guard query.follow, page.entries.isEmpty, state.isRunning else { return page }
    let reached = try LogCursor(parsing: page.cursor)
    let followed = try await follow(from: reached, limit: query.limit)
    if !followed.entries.isEmpty { return followed }
    // The stream ended: Docker drops an unterminated last line while following, so it is read again.
    return try await read(from: reached, limit: query.limit, ended: true)
  }

  private func start(_ query: LogQuery) throws -> LogCursor {
    if let after = query.after { return try LogCursor(parsing: after) }
    return query.since.map { LogCursor(from: rounded($0.nanoseconds)) } ?? LogCursor()
  }

  /// Podman writes whole seconds only, so there an entry of the same second may be meant.
  private func rounded(_ time: Int64) -> Int64 {
    client.engine.isPodman ? time / 1_000_000_000 * 1_000_000_000 : time
  }

  private func read(from start: LogCursor, limit: Int, ended: Bool) async throws -> LogPage {
    var skipper = LogSkipper(start)
    var page = PageMaker(cursor: start, container: container)
    try await stream(since(start.since), ended: ended) { line in
      if !page.isFull(limit), let new = skipper.new(line) { page.append(new) }
    } more: {
      !page.isFull(limit)
    }
    return page.page
  }

  /// The last entries, and a cursor behind the very last. Where times are so coarse that the first of them shares its
  /// time with entries before it, these must be counted for the cursor, and are read too.
  private func last(_ count: Int, _ query: LogQuery, ended: Bool) async throws -> LogPage {
    var first: Int64?
    var lines = 0
    var single = PageMaker(cursor: LogCursor(), container: container)
    // One more than wanted shows whether times tell the entries apart; on Docker it may be the end of a longer line.
    let hasJoined = try await stream("&tail=\(count + 1)", ended: ended) { line in
      if first == nil { first = line.time }
      lines += 1
      single.append(line, keeping: count)
    } more: {
      !client.engine.isPodman || first == nil
    }
    guard let first else { return LogPage(entries: [], cursor: try start(query).text) }
    if let since = query.since, rounded(since.nanoseconds) > first {
      return try await counted(count, from: LogCursor(from: rounded(since.nanoseconds)), ended: ended).page
    }
    if hasJoined, !client.engine.isPodman { return try await counted(count, from: try start(query), ended: ended).page }
    if lines <= count, !client.engine.isPodman { return single.page }
    if !client.engine.isPodman, single.cursor.stdout.time != first, single.cursor.stderr.time != first {
      // Both streams' last times are later than the first entry's, or the stream has no entry here at all.
      var cursor = single.cursor
      for stream in [LogEntry.Stream.stdout, .stderr] where cursor[stream].time == 0 {
        cursor[stream] = LogCursor.Place(time: first + 1)
      }
      return LogPage(entries: single.page.entries, cursor: cursor.text)
    }
    return try await counted(count, from: LogCursor(from: first), ended: ended).page
  }

  /// The last entries that are there now, each with its place, and the place before the first of them.
  func last(_ count: Int) async throws -> (start: String, batch: LogBatch) {
    guard let state = try await client.inspect(container) else { return (LogCursor().text, LogBatch()) }
    var first: Int64?
    let hasJoined = try await stream("&tail=\(count + 1)", ended: false) { line in
      if first == nil { first = line.time }
    } more: {
      !client.engine.isPodman || first == nil
    }
    let start = hasJoined && !client.engine.isPodman ? LogCursor() : first.map(LogCursor.init(from:)) ?? LogCursor()
    let counted = try await counted(count, from: start, ended: !state.isRunning)
    return (counted.start.text, counted.batch)
  }

  private func counted(_ count: Int, from start: LogCursor, ended: Bool) async throws -> PageMaker {
    var skipper = LogSkipper(start)
    var page = PageMaker(cursor: start, container: container)
    try await stream(since(start.since), ended: ended) { line in
      if let new = skipper.new(line) { page.append(new, keeping: count) }
    } more: {
      true
    }
    return page
  }

  private func follow(from start: LogCursor, limit: Int) async throws -> LogPage {
    var skipper = LogSkipper(start)
    var page = PageMaker(cursor: start, container: container)
    var demultiplexer = LogDemultiplexer()
    try await chunks("&follow=1" + since(start.since)) { chunk in
      try demultiplexer.read(chunk) { line in
        if !page.isFull(limit), let new = skipper.new(line) { page.append(new) }
      }
      return page.isEmpty
    }
    return page.page
  }

  /// A little earlier than wanted: Podman leaves out what is exactly at the time given and knows whole seconds only,
  /// and some of Docker's log drivers keep microseconds.
  func since(_ time: Int64) -> String {
    let second: Int64 = 1_000_000_000
    guard time > 2 * second else { return "" }
    if client.engine.isPodman { return "&since=\(time / second - 1)" }
    let earlier = time - 2_000
    return "&since=\(earlier / second)." + String(second + earlier % second).dropFirst()
  }

  /// Whether a line came in several frames.
  @discardableResult
  private func stream(
    _ parameters: String,
    ended: Bool,
    _ take: (LogDemultiplexer.Line) -> Void,
    more: () -> Bool
  ) async throws -> Bool {
    var demultiplexer = LogDemultiplexer()
    try await chunks(parameters) { chunk in
      try demultiplexer.read(chunk, take)
      return more()
    }
    if ended, more() { demultiplexer.rest(take) }
    return demultiplexer.hasJoined
  }

  private func chunks(_ parameters: String, _ take: ([UInt8]) throws -> Bool) async throws {
    try await open(parameters)?.forEachChunk(take)
  }

  /// The log in frames; nil where there is no such container.
  func open(_ parameters: String) async throws -> HTTPResponse? {
    let path = "/containers/\(container)/logs?stdout=1&stderr=1&timestamps=1" + parameters
    let response = try await client.open(EngineCall("GET", path), longLived: true)
    guard response.isSuccess else {
      let reply = EngineReply(status: response.status, body: try await response.body())
      // Docker goes on knowing a container for a moment that is being removed.
      if reply.status == 404 || reply.message.contains("marked for removal") { return nil }
      throw reply.refusal("The log of \(container) can't be read.")
    }
    return response
  }
}

/// The entries of one page, and the cursor behind them.
private struct PageMaker {
  private(set) var cursor: LogCursor
  let container: String
  /// Before the first entry.
  private(set) var start: LogCursor
  private var entries: [LogEntry] = []
  /// Behind each entry.
  private var places: [LogCursor] = []
  private var bytes = 0
  /// Entries before this one were put aside again.
  private var first = 0

  init(cursor: LogCursor, container: String) {
    self.cursor = cursor
    start = cursor
    self.container = container
  }

  var isEmpty: Bool { entries.isEmpty }
  var page: LogPage { LogPage(entries: Array(entries[first...]), cursor: cursor.text) }
  var batch: LogBatch { LogBatch(entries: Array(entries[first...]), cursors: places[first...].map(\.text)) }

  func isFull(_ limit: Int) -> Bool { entries.count >= limit || bytes >= LogReader.pageBytes }

  mutating func append(_ line: LogDemultiplexer.Line) {
    cursor.move(past: line)
    entries.append(line.entry(container: container))
    places.append(cursor)
    bytes += line.bytes.count
  }

  /// Keeps the last `count` entries only, fewer where these are larger than a page.
  mutating func append(_ line: LogDemultiplexer.Line, keeping count: Int) {
    append(line)
    while entries.count - first > count || (bytes > LogReader.pageBytes && entries.count - first > 1) {
      bytes -= entries[first].text.utf8.count
      start = places[first]
      first += 1
    }
    if first > 4096, first > entries.count / 2 {
      entries.removeFirst(first)
      places.removeFirst(first)
      first = 0
    }
  }
}
