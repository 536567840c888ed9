import Model
import Platform

/// Follows the logs of all replicas as one. What was written before is put in the order of its times; what comes then
/// comes as it does. A place is that of each, one after the other.
actor MergedLogFollower {
  static let separator: Character = "+"

  private struct Source {
    var batch = LogBatch()
    var next = 0
    var place: String
    /// Only then may the others' entries pass its own that are still to come.
    var isCurrent = false
    /// Told when its entries are taken.
    var taken: AsyncStream<Void>.Continuation?

    var isEmpty: Bool { next == batch.entries.count }
  }

  private var sources: [Source]
  private let take: LogFollower.Take
  private var isFlushing = false
  private var isToldCurrent = false

  private init(places: [LogCursor], take: @escaping LogFollower.Take) {
    sources = places.map { Source(place: $0.text) }
    self.take = take
  }

  static func follow(
    _ followers: [LogFollower],
    after places: [LogCursor],
    over: RunOver,
    take: @escaping LogFollower.Take
  ) async throws {
    let merge = MergedLogFollower(places: places, take: take)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, (follower, place)) in zip(followers, places).enumerated() {
        group.addTask {
          try await follower.follow(after: place, over: over) { try await merge.put($0, from: index) }
          try await merge.put(LogBatch(isCurrent: true), from: index)
        }
      }
      try await group.waitForAll()
    }
  }

  /// Returns once all of the batch is taken.
  private func put(_ batch: LogBatch, from index: Int) async throws {
    if !batch.entries.isEmpty {
      sources[index].batch = batch
      sources[index].next = 0
    }
    if batch.isCurrent { sources[index].isCurrent = true }
    let (taken, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    sources[index].taken = continuation
    try await flush()
    if !sources[index].isEmpty { for await _ in taken { break } }
    try Task.checkCancellation()
  }

  /// Hands over all whose turn it is.
  private func flush() async throws {
    guard !isFlushing else { return }
    isFlushing = true
    defer { isFlushing = false }
    while true {
      let batch = merged()
      for index in sources.indices where sources[index].isEmpty {
        sources[index].taken?.yield()
        sources[index].taken = nil
      }
      guard !batch.entries.isEmpty || batch.isCurrent else { return }
      try await take(batch)
    }
  }

  private func merged() -> LogBatch {
    var merged = LogBatch()
    while sources.allSatisfy({ $0.isCurrent || !$0.isEmpty }) {
      var earliest: Int?
      for (index, source) in sources.enumerated() where !source.isEmpty {
        guard let best = earliest else {
          earliest = index
          continue
        }
        let time = source.batch.entries[source.next].timestamp
        if time < sources[best].batch.entries[sources[best].next].timestamp { earliest = index }
      }
      guard let index = earliest else { break }
      let next = sources[index].next
      sources[index].place = sources[index].batch.cursors[next]
      sources[index].next += 1
      let cursor = sources.map(\.place).joined(separator: String(Self.separator))
      merged.append(sources[index].batch.entries[next], cursor: cursor)
    }
    if !isToldCurrent, sources.allSatisfy({ $0.isCurrent && $0.isEmpty }) {
      isToldCurrent = true
      merged.isCurrent = true
    }
    return merged
  }
}
