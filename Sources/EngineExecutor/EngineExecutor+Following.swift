import Model
import Platform

// Logs as they are written.
extension EngineExecutor {
  package func followLogs(
    _ execution: Execution,
    after place: String,
    over: RunOver,
    take: @escaping @Sendable (LogBatch) async throws -> Void
  ) async throws {
    if execution.spec.action == .build {
      return try await BuildLogFollower(log: buildLog(execution)).follow(after: place, over: over, take: take)
    }
    let followers = EnginePlanner.containerNames(execution).map { LogFollower(executor: self, container: $0) }
    let places = try Self.places(place, count: followers.count)
    if let only = followers.first, followers.count == 1 {
      return try await only.follow(after: places[0], over: over, take: take)
    }
    try await MergedLogFollower.follow(followers, after: places, over: over, take: take)
  }

  package func lastLogs(_ execution: Execution, count: Int) async throws -> (start: String, batch: LogBatch) {
    if execution.spec.action == .build { return try BuildLogReader(log: buildLog(execution)).last(count) }
    let names = EnginePlanner.containerNames(execution)
    return try await withClient { client in
      var logs: [(start: String, batch: LogBatch)] = []
      for name in names { logs.append(try await LogReader(client: client, container: name).last(count)) }
      return logs.count == 1 ? logs[0] : MergedLog.last(count, of: logs)
    }
  }

  private static func places(_ text: String, count: Int) throws -> [LogCursor] {
    guard !text.isEmpty else { return Array(repeating: LogCursor(), count: count) }
    let parts = text.split(separator: MergedLogFollower.separator, omittingEmptySubsequences: false)
    // Another run's: the parsing says what is wrong with it.
    guard parts.count == count else { return [try LogCursor(parsing: "")] }
    return try parts.map { try LogCursor(parsing: String($0)) }
  }
}

extension MergedLog {
  /// The last entries of all, each with the place of every log behind it.
  static func last(_ count: Int, of logs: [(start: String, batch: LogBatch)]) -> (start: String, batch: LogBatch) {
    let pages = logs.map { LogPage(entries: $0.batch.entries, cursor: "") }
    let ordered = ordered(pages)
    var places = logs.map(\.start)
    var positions = Array(repeating: 0, count: logs.count)
    func place() -> String { places.joined(separator: String(MergedLogFollower.separator)) }
    var start = place()
    var batch = LogBatch()
    for (index, (source, entry)) in ordered.enumerated() {
      if index == ordered.count - count { start = place() }
      places[source] = logs[source].batch.cursors[positions[source]]
      positions[source] += 1
      if index >= ordered.count - count { batch.append(entry, cursor: place()) }
    }
    return (ordered.count > 0 && count == 0 ? place() : start, batch)
  }
}
