import Model
import Platform

/// Follows a build's log from a place on, until it is read to its end and the run is over.
struct BuildLogFollower: Sendable {
  private static let patience = Duration.milliseconds(100)

  let log: BuildLog

  func follow(
    after place: String,
    over: RunOver,
    take: @Sendable (LogBatch) async throws -> Void
  ) async throws {
    let reader = BuildLogReader(log: log)
    var offset = try place.isEmpty ? 0 : BuildLogReader.offset(place)
    var isToldCurrent = false
    while true {
      // Before the look, so that what the look finds is final.
      let isOver = over.isSet
      let (batch, end) = reader.batch(from: offset)
      if end > offset {
        offset = end
        if !batch.entries.isEmpty { try await take(batch) }
        continue
      }
      if !isToldCurrent { try await take(LogBatch(isCurrent: true)) }
      isToldCurrent = true
      if isOver { return }
      try await over.wait(atMost: Self.patience)
    }
  }
}
