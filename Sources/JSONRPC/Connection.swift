import Glibc
internal import JSON
import Synchronization

/// A JSON-RPC 2.0 server on two file descriptors. `run` blocks its thread as the reader; replies leave on a writer
/// thread; calls run where the handler's `scheduling` says. `$/cancelRequest`, `shutdown` and `exit` are built in.
package final class Connection: Sendable {
  struct State {
    var table = CallTable()
    var spawned: [Int: Task<Void, Never>] = [:]
    /// The input has ended, and the reader waits for the calls that are under way.
    var isReaderWaiting = false
    var nextSpawn = 0
    var framing = Framing.lines
    var isShutDown = false
    var isClosed = false
    var isParentGone = false
    /// Set by `exit`.
    var exitCode: Int32?
  }

  let handler: any RequestHandler
  let limits: ConnectionLimits
  let executor: (any TaskExecutor)?
  let warn: @Sendable (String) -> Void
  let state = Mutex(State())
  let outbound: OutboundQueue
  /// Wakes the reader from a wait for input, for room in the queue, or for the last answers.
  let readerWake: WakeSignal

  /// `output` stays the caller's; `warn` gets one line for a person about whatever no answer can say.
  package init(
    handler: any RequestHandler,
    output: Int32,
    limits: ConnectionLimits = ConnectionLimits(),
    executor: (any TaskExecutor)? = nil,
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.handler = handler
    self.limits = limits
    self.executor = executor
    self.warn = warn
    readerWake = WakeSignal()
    outbound = OutboundQueue(output: output, limit: limits.queuedBytes, readerWake: readerWake)
  }

  /// Serves until the input ends, `exit` comes, the watched parent is gone or the output breaks; the process's exit
  /// code. Requests read before the end are answered; those unfinished after the grace period get the cancelled error.
  package func run(reading input: Int32) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    startThread("jsonrpc-writer") { [outbound] in outbound.writeUntilClosed() }
    var decoder = FrameDecoder(limit: limits.message.bytes)
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while mayRead() {
      guard let count = read(input, into: &chunk) else { continue }
      if count == 0 {
        decoder.finish { receive($0) }
        break
      }
      if decoder.framing == nil { state.withLock { $0.framing = Framing.detected(from: chunk[0]) } }
      decoder.feed(chunk[..<count]) { receive($0) }
    }
    return finish()
  }

  /// Bytes that wait for the client to read them.
  package var queuedBytes: Int { outbound.bytes }

  /// Ends `run` soon, without the grace period: the parent is gone.
  func parentVanished() {
    state.withLock { $0.isParentGone = true }
    readerWake.signal()
  }

  // MARK: Reading

  /// False when it is time to leave. Waits while far too much is queued.
  private func mayRead() -> Bool {
    while true {
      let leaves = state.withLock { $0.exitCode != nil || $0.isParentGone }
      if leaves || outbound.isBroken { return false }
      guard outbound.isOverTwiceLimit else { return true }
      while outbound.isOverLimit, !outbound.isBroken, !state.withLock({ $0.isParentGone }) {
        readerWake.wait(milliseconds: -1)
      }
    }
  }

  /// 0 at the end of the input; nil when there was nothing to read yet or something else woke the reader.
  private func read(_ input: Int32, into chunk: inout [UInt8]) -> Int? {
    var entries = [
      pollfd(fd: input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: readerWake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&entries, 2, -1) > 0 else { return nil }
    if entries[1].revents != 0 { readerWake.clear() }
    guard entries[0].revents != 0 else { return nil }
    let count = chunk.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    switch errno {
    case EINTR, EAGAIN, EWOULDBLOCK: return nil
    default:
      warn("reading the input failed: \(String(cString: strerror(errno)))")
      return 0
    }
  }

  // MARK: Leaving

  private func finish() -> Int32 {
    let (exitCode, isParentGone) = state.withLock { ($0.exitCode, $0.isParentGone) }
    let isAbrupt = exitCode != nil || isParentGone || outbound.isBroken
    if !isAbrupt { waitForCalls(until: Self.now() + limits.graceMilliseconds) }
    let (unfinished, spawned) = state.withLock { state in
      state.isClosed = true
      defer { state.spawned = [:] }
      return (state.table.removeAll(), Array(state.spawned.values))
    }
    for task in spawned { task.cancel() }
    for call in unfinished {
      call.task?.cancel()
      answer(call, .failure(.cancelled))
    }
    outbound.close()
    if !isParentGone { drain(patience: isAbrupt ? max(limits.graceMilliseconds, 100) : limits.drainMilliseconds) }
    return exitCode ?? 0
  }

  /// Waits for the client to read what it was answered, as long as it goes on reading.
  private func drain(patience: Int) {
    var left = outbound.bytes
    var deadline = Self.now() + patience
    while left > 0, !outbound.isBroken, Self.now() < deadline {
      // Progress is looked for now and then: only the end is signalled.
      readerWake.wait(milliseconds: Int32(clamping: min(deadline - Self.now(), 200)))
      if outbound.bytes < left { deadline = Self.now() + patience }
      left = outbound.bytes
    }
  }

  private func waitForCalls(until deadline: Int) {
    // Set in the same step as the first look, so that the last call either is seen gone or wakes.
    while state.withLock({
      $0.isReaderWaiting = true
      return $0.table.count
    }) > 0, !outbound.isBroken, Self.now() < deadline {
      if state.withLock({ $0.isParentGone }) { return }
      readerWake.wait(milliseconds: Int32(clamping: deadline - Self.now()))
    }
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
