import Model
import Synchronization
import Testing

@testable import Platform

@Suite(.timeLimit(.minutes(1))) struct RunEventStreamTests {
  private static let running = Array(RunEventMergeTests.whole.prefix(4))

  /// A platform whose run changes when the test says so.
  private final class World: Sendable {
    private let state: Mutex<RunLook?>
    private let news: AsyncStream<RunLook?>
    private let tell: AsyncStream<RunLook?>.Continuation

    init(_ look: RunLook) {
      state = Mutex(look)
      (news, tell) = AsyncStream.makeStream()
    }

    func see(_ look: RunLook?) {
      state.withLock { $0 = look }
      tell.yield(look)
    }

    func stream(after cursor: RunCursor? = nil, logs: RunEventStream.LogSource?) -> RunEventStream {
      RunEventStream(
        after: cursor ?? RunCursor(run: Story.id),
        first: state.withLock { $0 } ?? Story.look([]),
        looks: { [news] see in for await look in news { see(look) } },
        now: { [self] in state.withLock { $0 } },
        logs: logs
      )
    }
  }

  private func rest(of stream: RunEventStream) async throws -> String {
    var words: [String] = []
    while true {
      let events = try await stream.next()
      words.append(Story.words(events))
      if case .end = events.last?.content { return words.joined(separator: " ") }
    }
  }

  @Test func theLogIsReadToItsEndOnceTheRunIsOver() async throws {
    let world = World(Story.look(Self.running))
    let stream = world.stream { _, over, take in
      try await take(Story.batch([3]))
      try await over.wait()
      try await take(Story.batch([4]))
    }
    #expect(Story.words(try await stream.next()).hasSuffix("RUNNING"))
    #expect(Story.words(try await stream.next()) == "3")
    world.see(Story.look(RunEventMergeTests.whole))
    #expect(try await rest(of: stream) == "4 COMPLETED finished")
    #expect(try await stream.next().isEmpty)
  }

  @Test func whoDoesNotPullMakesTheReaderOfTheLogWait() async throws {
    let world = World(Story.look(Self.running))
    let taken = Mutex(0)
    let stream = world.stream { _, _, take in
      while true {
        try await take(Story.batch(Array(0..<100)))
        taken.withLock { $0 += 1 }
      }
    }
    var pulled = 0
    for _ in 0..<4 {
      pulled += try await stream.next().count
      try await Task.sleep(for: .milliseconds(100))
      // 160 bytes for an entry: 17 batches are beyond the inbox's bound, and one more is on its way.
      #expect(taken.withLock { $0 } <= pulled / 100 + 18)
    }
    await stream.close()
    await #expect(throws: CancellationError.self) { while true { _ = try await stream.next() } }
  }

  @Test func aRunThatIsGoneEndsItInTheMiddle() async throws {
    let world = World(Story.look(Self.running))
    let stream = world.stream { _, over, take in
      try await take(Story.batch([3]))
      try await over.wait()
    }
    _ = try await stream.next()
    #expect(Story.words(try await stream.next()) == "3")
    world.see(nil)
    #expect(try await rest(of: stream) == "deleted")
  }

  @Test func aRunThatIsDeletedWhileItsEndIsToldIsDeleted() async throws {
    let world = World(Story.look(RunEventMergeTests.whole))
    let stream = world.stream { _, _, _ in world.see(nil) }
    #expect(try await rest(of: stream).hasSuffix("deleted"))
  }

  @Test func aRunThatIsResumedBeforeItsEndIsToldGoesOn() async throws {
    let stopped = Self.running + [("STOP", 4), ("STOPPED", 5)]
    let world = World(Story.look(stopped))
    let attempts = Mutex(0)
    let stream = world.stream { place, over, take in
      let attempt = attempts.withLock { count in
        count += 1
        return count
      }
      if attempt == 1 {
        try await take(Story.batch([3]))
        return world.see(Story.look(stopped + [("RESUME", 6), ("PENDING", 6), ("RUNNING", 7)]))
      }
      #expect(place == "l3")
      try await take(Story.batch([8]))
      world.see(Story.look(stopped + [("RESUME", 6), ("PENDING", 6), ("RUNNING", 7), ("COMPLETED", 9)]))
      try await over.wait()
    }
    let words = try await rest(of: stream)
    #expect(words == "CREATED READY PENDING RUNNING 3 STOP STOPPED RESUME PENDING RUNNING 8 COMPLETED finished")
  }

  @Test func aLogThatCantBeReadEndsIt() async throws {
    let world = World(Story.look(Self.running))
    let stream = world.stream { _, _, _ in throw SidecarError(.engineError, "No log.") }
    #expect(try await rest(of: stream) == "CREATED READY PENDING RUNNING failed")
  }

  @Test func aWaitIsCancelled() async throws {
    let world = World(Story.look(Self.running))
    let stream = world.stream { _, over, _ in try await over.wait() }
    _ = try await stream.next()
    let waiting = Task { try await stream.next() }
    try await Task.sleep(for: .milliseconds(50))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { _ = try await waiting.value }
  }
}
