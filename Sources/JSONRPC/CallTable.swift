internal import JSON

/// One call that is not answered yet.
struct Call: Sendable {
  /// Nil for a notification.
  let id: RequestID?
  let method: String
  let params: JSONObject
  let slot: ReplySlot
  /// The lane that it holds or waits in.
  var lane: String?
  var task: Task<Void, Never>?
  var isCancelled = false
  /// What begins once the answer is on its way.
  var afterReply: [@Sendable () async -> Void] = []
}

/// All calls that are not answered yet, and the order within lanes. A value: the connection keeps it behind its lock.
struct CallTable {
  private(set) var calls: [Int: Call] = [:]
  private var serials: [RequestID: Int] = [:]
  /// Calls that wait, by lane; a lane that is present has one that runs.
  private var lanes: [String: [Int]] = [:]
  private var nextSerial = 0

  var count: Int { calls.count }

  func contains(_ id: RequestID) -> Bool { serials[id] != nil }

  /// The call's serial number, and whether it may begin now.
  mutating func add(_ call: Call) -> (serial: Int, begins: Bool) {
    nextSerial += 1
    calls[nextSerial] = call
    if let id = call.id { serials[id] = nextSerial }
    guard let lane = call.lane else { return (nextSerial, true) }
    if lanes[lane] != nil {
      lanes[lane]?.append(nextSerial)
      return (nextSerial, false)
    }
    lanes[lane] = []
    return (nextSerial, true)
  }

  mutating func began(_ serial: Int, _ task: Task<Void, Never>) { calls[serial]?.task = task }

  /// Lets go of the work where the call gets no answer (any more).
  mutating func addAfterReply(_ serial: Int, _ work: @escaping @Sendable () async -> Void) {
    if calls[serial]?.id != nil { calls[serial]?.afterReply.append(work) }
  }

  /// Takes the call out to be answered; nil where it is answered already.
  mutating func remove(_ serial: Int) -> Call? {
    guard let call = calls.removeValue(forKey: serial) else { return nil }
    if let id = call.id { serials[id] = nil }
    return call
  }

  /// The lane that the call holds, which it holds no longer.
  mutating func leaveLane(_ serial: Int) -> String? {
    defer { calls[serial]?.lane = nil }
    return calls[serial]?.lane
  }

  /// The lane's holder is done: the serial of the next one, which holds it now.
  mutating func next(in lane: String) -> Int? {
    while let first = lanes[lane]?.first {
      lanes[lane]?.removeFirst()
      if calls[first] != nil { return first }
    }
    lanes[lane] = nil
    return nil
  }

  /// What a cancel finds: the task to cancel, or a call that had not begun and is taken out to be answered.
  mutating func cancel(_ id: RequestID) -> (task: Task<Void, Never>?, waiting: Call?) {
    guard let serial = serials[id] else { return (nil, nil) }
    calls[serial]?.isCancelled = true
    if let task = calls[serial]?.task { return (task, nil) }
    return (nil, remove(serial))
  }

  /// Takes all calls out.
  mutating func removeAll() -> [Call] {
    defer {
      calls = [:]
      serials = [:]
    }
    return calls.sorted { $0.key < $1.key }.map(\.value)
  }
}
