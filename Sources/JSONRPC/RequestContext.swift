package import JSON

/// What a handler may do towards its client while it works.
package struct RequestContext: Sendable {
  /// Sends a notification; waits while the client reads too slowly, throws `CancellationError` where the call was
  /// cancelled meanwhile or the connection closed.
  package let notify: @Sendable (_ method: String, _ params: JSONObject) async throws -> Void
  /// As `notify`, of several at once, in their order.
  package let notifyAll: @Sendable (_ batch: NotificationBatch) async throws -> Void
  /// A task that belongs to the connection, not to the call: it is cancelled when the connection closes.
  package let spawn: @Sendable (_ work: @escaping @Sendable () async -> Void) -> Void
  /// As `spawn`, and nothing that the work sends overtakes the call's answer. Never begins where the call gets none: the
  /// work is let go of then.
  package let spawnAfterReply: @Sendable (_ work: @escaping @Sendable () async -> Void) -> Void
  /// For `initialize.processId`: the connection closes within 2 s of that process's end. A pid that can't be seen
  /// (another pid namespace, another user's) is ignored with a warning.
  package let watchParent: @Sendable (_ pid: Int) -> Void
  /// What the call changes is decided, though it goes on: the next call of its lane may begin.
  package let leaveLane: @Sendable () -> Void
  /// A line for a person, where no answer can say it.
  package let warn: @Sendable (_ line: String) -> Void

  package init(
    notify: @escaping @Sendable (_ method: String, _ params: JSONObject) async throws -> Void,
    notifyAll: @escaping @Sendable (_ batch: NotificationBatch) async throws -> Void = { _ in },
    spawn: @escaping @Sendable (_ work: @escaping @Sendable () async -> Void) -> Void,
    spawnAfterReply: @escaping @Sendable (_ work: @escaping @Sendable () async -> Void) -> Void = { _ in },
    watchParent: @escaping @Sendable (_ pid: Int) -> Void = { _ in },
    leaveLane: @escaping @Sendable () -> Void = {},
    warn: @escaping @Sendable (_ line: String) -> Void = { _ in }
  ) {
    self.notify = notify
    self.notifyAll = notifyAll
    self.spawn = spawn
    self.spawnAfterReply = spawnAfterReply
    self.watchParent = watchParent
    self.leaveLane = leaveLane
    self.warn = warn
  }
}
