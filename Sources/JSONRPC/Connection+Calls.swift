import CLinux
import Glibc
internal import JSON
import Synchronization

// Calls from their start to their answer.
extension Connection {
  typealias Outcome = Result<JSONValue, ResponseError>

  /// Notifications that belong to no lane go one after another, so that their order holds.
  private static let notificationLane = "\u{0}notifications"

  func call(_ id: RequestID, _ method: String, _ params: JSONObject, _ slot: ReplySlot) {
    guard !outbound.isOverLimit else {
      return fill(slot, id, .failure(.overloaded("too many bytes wait to be read by the client")))
    }
    let lane: String?
    switch handler.scheduling(of: method, params: params) {
    case .inline:
      return fill(slot, id, outcome { try handler.handleInline(method, params: params, context: context(0)) })
    case .lane(let key): lane = key
    case .concurrent: lane = nil
    }
    let isRoom = begin(Call(id: id, method: method, params: params, slot: slot, lane: lane))
    if !isRoom {
      fill(slot, id, .failure(.overloaded("\(limits.callsInFlight) calls are unanswered already")))
    }
  }

  func enqueueNotification(_ method: String, _ params: JSONObject) {
    var lane = Self.notificationLane
    if case .lane(let key) = handler.scheduling(of: method, params: params) { lane = key }
    let call = Call(id: nil, method: method, params: params, slot: .single { _ in }, lane: lane)
    if !begin(call) { warn("dropped a notification (\(method)): too many calls are unanswered") }
  }

  /// False, and nothing done, when too many calls are unanswered.
  private func begin(_ call: Call) -> Bool {
    state.withLock { state in
      guard state.table.count < limits.callsInFlight else { return false }
      let (serial, begins) = state.table.add(call)
      if begins { start(serial, call, in: &state) }
      return true
    }
  }

  private func start(_ serial: Int, _ call: Call, in state: inout State) {
    state.table.began(serial, Task(executorPreference: executor) { await self.execute(serial, call) })
  }

  private func execute(_ serial: Int, _ call: Call) async {
    let outcome: Outcome
    if call.id == nil {
      await handler.handleNotification(call.method, params: call.params, context: context(serial))
      outcome = .success(.null)
    } else {
      do {
        outcome = .success(try await handler.handle(call.method, params: call.params, context: context(serial)))
      } catch {
        // Whatever a cancelled call fails with, the cancel is why. A result stands: the work was done.
        outcome = .failure(Task.isCancelled ? .cancelled : responseError(for: error))
      }
    }
    let (answered, lane, isAwaited) = state.withLock { state in
      let lane = state.table.leaveLane(serial)
      let answered = state.table.remove(serial)
      return (answered, lane, state.isReaderWaiting && state.table.count == 0)
    }
    if let answered {
      outbound.promote(serial)
      answer(answered, outcome)
    }
    // After the answer, so that a lane's answers come in its order.
    if let lane { state.withLock { startNext(in: lane, &$0) } }
    if isAwaited { readerWake.signal() }
  }

  private func startNext(in lane: String, _ state: inout State) {
    guard !state.isClosed, let next = state.table.next(in: lane), let nextCall = state.table.calls[next] else { return }
    start(next, nextCall, in: &state)
  }

  private func outcome(_ body: () throws -> JSONValue) -> Outcome {
    do { return .success(try body()) } catch { return .failure(responseError(for: error)) }
  }

  private func responseError(for error: any Error) -> ResponseError {
    switch error {
    case let error as ResponseError: error
    case is CancellationError: .cancelled
    default: handler.responseError(for: error)
    }
  }

  // MARK: Answers

  func answer(_ call: Call, _ outcome: Outcome) {
    guard case .success = outcome, !call.afterReply.isEmpty else { return fill(call.slot, call.id, outcome) }
    call.slot.fill(call.id.map { Self.response($0, outcome) }) { [weak self] in
      for work in call.afterReply { self?.spawn(work) }
    }
  }

  func fill(_ slot: ReplySlot, _ id: RequestID?, _ outcome: Outcome) {
    slot.fill(id.map { Self.response($0, outcome) })
  }

  func send(id: RequestID, _ outcome: Outcome) { send(Self.response(id, outcome)) }

  func send(_ response: JSONValue) { outbound.enqueueReply(framed(response)) }

  private func framed(_ message: JSONValue) -> [UInt8] {
    state.withLock { $0.framing }.frame(message.serialized())
  }

  private static func response(_ id: RequestID, _ outcome: Outcome) -> JSONValue {
    switch outcome {
    case .success(let result): ["jsonrpc": "2.0", "id": id.jsonValue, "result": result]
    case .failure(let error): ["jsonrpc": "2.0", "id": id.jsonValue, "error": error.jsonValue]
    }
  }

  // MARK: What handlers may do

  private func context(_ serial: Int) -> RequestContext {
    RequestContext(
      notify: { [self] method, params in
        let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
        try await outbound.enqueueNotification(framed(message), owner: serial)
      },
      notifyAll: { [self] batch in
        try await outbound.enqueueNotification(batch.framed(state.withLock { $0.framing }), owner: serial)
      },
      spawn: { [self] work in spawn(work) },
      spawnAfterReply: { [self] work in state.withLock { $0.table.addAfterReply(serial, work) } },
      watchParent: { [self] pid in watchParent(pid) },
      leaveLane: { [self] in
        state.withLock { state in
          if let lane = state.table.leaveLane(serial) { startNext(in: lane, &state) }
        }
      },
      warn: warn
    )
  }

  private func spawn(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.nextSpawn += 1
      let number = state.nextSpawn
      state.spawned[number] = Task(executorPreference: executor) { [weak self] in
        await work()
        self?.state.withLock { $0.spawned[number] = nil }
      }
    }
  }

  /// Closes the connection when the process ends, which its pidfd tells at once.
  package func watchParent(_ pid: Int) {
    let descriptor = Int32(exactly: pid).map { $0 > 0 ? clinux_pidfd_open($0) : -1 } ?? -1
    guard descriptor >= 0 else {
      return warn("the parent process \(pid) can't be seen from here; its end will not be noticed")
    }
    startThread("jsonrpc-parent") { [weak self] in
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      while poll(&entry, 1, -1) < 0, errno == EINTR {}
      close(descriptor)
      self?.parentVanished()
    }
  }
}
