import HTTP
import Model
import Platform
import Synchronization

/// Follows one container's log from a place on: through restarts of its program and of the engine, until the log's end,
/// which is there once the run is over.
struct LogFollower: Sendable {
  /// How often a container is looked for that is not there, or whose program does not run.
  private static let patience = Duration.milliseconds(150)
  private static let longestPatience = Duration.seconds(1)
  /// An engine that goes away is waited for as long as the run goes on; afterwards so often, half a second each.
  private static let attemptsAfterTheEnd = 20
  /// How long an engine may take to end the log of a program that has ended.
  private static let lateness = Duration.seconds(2)

  typealias Take = @Sendable (LogBatch) async throws -> Void

  let executor: EngineExecutor
  let container: String

  /// Where the reader stands; moved before a batch is handed over, since who has it has it, however the handing over ends.
  private final class Place: Sendable {
    private let cursor: Mutex<LogCursor>
    init(_ cursor: LogCursor) { self.cursor = Mutex(cursor) }
    var now: LogCursor { cursor.withLock { $0 } }
    func move(_ cursor: LogCursor) { self.cursor.withLock { $0 = cursor } }
  }

  func follow(after start: LogCursor, over: RunOver, take: @escaping Take) async throws {
    let place = Place(start)
    var failures = 0
    while true {
      do {
        return try await executor.withClient { client in
          try await withTaskExecutorPreference(client.transport.streams) {
            try await follow(LogReader(client: client, container: container), place, over, take)
          }
        }
      } catch let error as SidecarError where error.code.retryable {
        if over.isSet { failures += 1 }
        guard failures < Self.attemptsAfterTheEnd else { throw error }
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func follow(_ reader: LogReader, _ place: Place, _ over: RunOver, _ take: @escaping Take) async throws {
    /// When the program began whose log was read to its end.
    var complete: Timestamp?
    var isToldCurrent = false
    var pause = Self.patience
    while true {
      // Before the look, so that what the look finds is final.
      let isOver = over.isSet
      let state = try await reader.client.inspect(reader.container)
      guard let state, state.hasBegun, complete == nil || state.isRunning || state.startedAt != complete else {
        if !isToldCurrent { try await take(LogBatch(isCurrent: true)) }
        isToldCurrent = true
        if isOver { return }
        try await over.wait(atMost: pause)
        if complete != nil { pause = min(pause * 2, Self.longestPatience) }
        continue
      }
      pause = Self.patience
      let from = place.now
      try await read(reader, "", place, rest: !state.isRunning, take)
      if !isToldCurrent { try await take(LogBatch(isCurrent: true)) }
      isToldCurrent = true
      guard state.isRunning else {
        complete = state.startedAt ?? Timestamp(nanoseconds: 0)
        if isOver { return }
        continue
      }
      complete = nil
      if isOver { return }
      try await live(reader, place, over, take)
      // An engine that has nothing to follow, such as between two starts, says so at once.
      if place.now == from { try await over.wait(atMost: Self.patience) }
    }
  }

  /// What comes while the program runs.
  private func live(_ reader: LogReader, _ place: Place, _ over: RunOver, _ take: @escaping Take) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await read(reader, "&follow=1", place, rest: false, take) }
      group.addTask {
        try await over.wait()
        try await Task.sleep(for: Self.lateness)
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// `rest`: a last line without its end is complete.
  private func read(
    _ reader: LogReader,
    _ parameters: String,
    _ place: Place,
    rest: Bool,
    _ take: Take
  ) async throws {
    let start = place.now
    var maker = LogBatchMaker(start, container: reader.container)
    var demultiplexer = LogDemultiplexer()
    guard let response = try await reader.open(parameters + reader.since(start.since)) else { return }
    var chunks = response.chunks
    while let chunk = try await chunks.next() {
      try demultiplexer.read(chunk) { maker.append($0) }
      try await hand(&maker, place, take)
    }
    if rest { demultiplexer.rest { maker.append($0) } }
    try await hand(&maker, place, take)
  }

  private func hand(_ maker: inout LogBatchMaker, _ place: Place, _ take: Take) async throws {
    guard let batch = maker.takeBatch() else { return }
    place.move(maker.cursor)
    try await take(batch)
  }
}

/// New lines of a log as entries, each with the place behind it.
private struct LogBatchMaker {
  private(set) var cursor: LogCursor
  private let container: String
  private var skipper: LogSkipper
  private var batch = LogBatch()

  init(_ start: LogCursor, container: String) {
    cursor = start
    self.container = container
    skipper = LogSkipper(start)
  }

  mutating func append(_ line: LogDemultiplexer.Line) {
    guard let line = skipper.new(line) else { return }
    cursor.move(past: line)
    batch.append(line.entry(container: container), cursor: cursor.text)
  }

  /// Nil where there is nothing new.
  mutating func takeBatch() -> LogBatch? {
    guard !batch.entries.isEmpty else { return nil }
    defer { batch = LogBatch() }
    return batch
  }
}

extension ContainerState {
  /// Whether its program has begun at least once; what could not be started has no log.
  var hasBegun: Bool { isRunning || hasEnded }
}
