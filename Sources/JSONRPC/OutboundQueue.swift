import Glibc
import Synchronization

/// What waits to be written: replies, which go first, and notifications, whose producers wait when there are too many.
/// Any thread enqueues; one thread writes.
final class OutboundQueue: Sendable {
  fileprivate struct Waiter {
    let ticket: Int
    let frame: [UInt8]
    let owner: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  fileprivate struct State {
    var replies: [[UInt8]] = []
    var notifications: [(owner: Int, frame: [UInt8])] = []
    /// Of both queues and of the piece that is being written.
    var bytes = 0
    var notificationBytes = 0
    var waiters: [Waiter] = []
    var nextTicket = 0
    var isClosed = false
    var isBroken = false
    var isWriterAsleep = false
    /// A reply is being written without the writer, which must wait for it.
    var isDirect = false
  }

  private let state = Mutex(State())
  private let writerWake = WakeSignal()
  /// Signalled when the reader may go on: drained below the limit, empty, or broken.
  private let readerWake: WakeSignal
  private let output: Int32
  private let isPipe: Bool
  private let limit: Int
  private let notificationLimit: Int

  /// One write(2) takes at most about this much.
  private static let pieceLimit = 256 << 10
  /// Of notifications: a reply waits at most for one such piece and for what the pipe holds, a few milliseconds where the
  /// client reads some ten megabytes in a second.
  private static let notificationPieceLimit = 64 << 10

  init(output: Int32, limit: Int, readerWake: WakeSignal) {
    self.output = output
    var status = stat()
    isPipe = fstat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    self.limit = limit
    notificationLimit = max(limit / 4, 1)
    self.readerWake = readerWake
  }

  /// Bytes that wait, or are on their way into the descriptor.
  var bytes: Int { state.withLock { $0.bytes } }
  var isOverLimit: Bool { bytes > limit }
  var isOverTwiceLimit: Bool { bytes > 2 * limit }
  /// The other end is gone: nothing can be written any more.
  var isBroken: Bool { state.withLock { $0.isBroken } }

  func enqueueReply(_ frame: [UInt8]) {
    if writesDirectly(frame) { return }
    let wakes = state.withLock { state in
      guard !state.isBroken else { return false }
      state.replies.append(frame)
      state.bytes += frame.count
      return state.takeWriterAsleep()
    }
    if wakes { writerWake.signal() }
  }

  /// Spares an idle connection's small reply the way over the writer thread, half of a round trip. Only into a pipe
  /// with room: there a write of up to PIPE_BUF bytes neither blocks nor is cut (pipe(7)).
  private func writesDirectly(_ frame: [UInt8]) -> Bool {
    guard isPipe, frame.count <= 4096 else { return false }
    let isMine = state.withLock { state in
      guard state.isWriterAsleep, state.bytes == 0, !state.isDirect, !state.isClosed, !state.isBroken else {
        return false
      }
      state.isDirect = true
      state.bytes += frame.count
      return true
    }
    guard isMine else { return false }
    var entry = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
    let hasRoom = poll(&entry, 1, 0) > 0
    let isWritten = hasRoom && writeAll(frame)
    let wakes = state.withLock { state in
      state.isDirect = false
      if isWritten {
        state.bytes -= frame.count
      } else if !hasRoom {
        state.replies.insert(frame, at: 0)
      }
      let isWaitedFor = state.isClosed || !state.replies.isEmpty || !state.notifications.isEmpty
      return isWaitedFor ? state.takeWriterAsleep() || state.isClosed : false
    }
    if hasRoom && !isWritten { breakOff() }
    if wakes {
      writerWake.signal()
      readerWake.signal()
    }
    return true
  }

  /// Lets a call's own notifications go before its answer, which is enqueued next: a reply overtakes only what others
  /// announce, never its own progress.
  func promote(_ owner: Int) {
    state.withLock { state in
      guard state.notifications.contains(where: { $0.owner == owner }) else { return }
      let own = state.notifications.filter { $0.owner == owner }.map(\.frame)
      state.notifications.removeAll { $0.owner == owner }
      state.notificationBytes -= own.reduce(0) { $0 + $1.count }
      state.replies += own
    }
  }

  /// Returns once the notification has a place in the queue. Throws `CancellationError` where the task is cancelled or
  /// the connection closed before.
  /// `owner` is the serial number of the call that it belongs to, for `promote`.
  func enqueueNotification(_ frame: [UInt8], owner: Int) async throws {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        admit(Waiter(ticket: ticket, frame: frame, owner: owner, continuation: continuation))
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.ticket == ticket }.map { state.waiters.remove(at: $0) }
      }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }

  private func admit(_ waiter: Waiter) {
    enum Verdict { case admitted(wakes: Bool), waits, refused }
    let verdict: Verdict = state.withLock { state in
      // Checked under the lock, so that a cancel either is seen here or finds the waiter.
      guard !state.isClosed, !state.isBroken, !Task.isCancelled else { return .refused }
      guard state.notificationBytes < notificationLimit, state.waiters.isEmpty else {
        state.waiters.append(waiter)
        return .waits
      }
      state.append(waiter)
      return .admitted(wakes: state.takeWriterAsleep())
    }
    switch verdict {
    case .admitted(let wakes):
      if wakes { writerWake.signal() }
      waiter.continuation.resume()
    case .waits: break
    case .refused: waiter.continuation.resume(throwing: CancellationError())
    }
  }

  /// No more notifications; the writer ends once what is queued is written.
  func close() {
    let waiters = state.withLock { state in
      state.isClosed = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
    writerWake.signal()
  }

  // MARK: The writer

  /// The writer thread's body; returns when closed and drained, or broken.
  func writeUntilClosed() {
    while true {
      let (piece, isDone) = takePiece()
      guard !piece.isEmpty else {
        if isDone { return }
        writerWake.wait(milliseconds: -1)
        continue
      }
      guard writeAll(piece) else { return breakOff() }
      release(piece.count)
    }
  }

  private func takePiece() -> (bytes: [UInt8], isDone: Bool) {
    state.withLock { state in
      guard !state.isDirect else {
        state.isWriterAsleep = true
        return ([], false)
      }
      var piece: [UInt8] = []
      let replies = Self.take(from: state.replies, into: &piece, limit: Self.pieceLimit)
      state.replies.removeFirst(replies)
      let before = piece.count
      let notifications = Self.take(
        from: state.notifications.lazy.map(\.frame),
        into: &piece,
        limit: Self.notificationPieceLimit
      )
      state.notifications.removeFirst(notifications)
      state.notificationBytes -= piece.count - before
      state.isWriterAsleep = piece.isEmpty
      return (piece, state.isClosed)
    }
  }

  private static func take(from frames: some Sequence<[UInt8]>, into piece: inout [UInt8], limit: Int) -> Int {
    var count = 0
    for frame in frames {
      guard piece.count < limit else { break }
      // A lone frame is handed over as it is: a large reply is not copied.
      if piece.isEmpty { piece = frame } else { piece += frame }
      count += 1
    }
    return count
  }

  private func release(_ count: Int) {
    let (resumed, wakesReader) = state.withLock { state in
      let before = state.bytes
      state.bytes -= count
      var admitted = 0
      while admitted < state.waiters.count, state.notificationBytes < notificationLimit {
        state.append(state.waiters[admitted])
        admitted += 1
      }
      let resumed = state.waiters.prefix(admitted)
      state.waiters.removeFirst(admitted)
      return (resumed, state.isClosed && state.bytes == 0 || before > limit && state.bytes <= limit)
    }
    for waiter in resumed { waiter.continuation.resume() }
    if wakesReader { readerWake.signal() }
  }

  private func breakOff() {
    let waiters = state.withLock { state in
      state.isBroken = true
      state.replies = []
      state.notifications = []
      state.bytes = 0
      state.notificationBytes = 0
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
    readerWake.signal()
  }

  /// False when the other end is gone. An inherited non-blocking descriptor is waited for; ours to set it is not, since
  /// the open file is shared with other processes.
  private func writeAll(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = write(output, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if count >= 0 {
          done += count
        } else if errno == EAGAIN || errno == EWOULDBLOCK {
          var entry = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
          _ = poll(&entry, 1, -1)
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}

extension OutboundQueue.State {
  fileprivate mutating func append(_ waiter: OutboundQueue.Waiter) {
    notifications.append((waiter.owner, waiter.frame))
    notificationBytes += waiter.frame.count
    bytes += waiter.frame.count
  }

  /// Whether the writer must be woken; once it is, nobody else needs to.
  fileprivate mutating func takeWriterAsleep() -> Bool {
    defer { isWriterAsleep = false }
    return isWriterAsleep
  }
}
