package import JSON

/// What one client may cost.
package struct ConnectionLimits: Sendable {
  /// Bytes and depth of one message.
  package var message: JSONLimits
  /// Bytes that may wait to be written before new calls are answered `overloaded`; at twice as many reading stops.
  package var queuedBytes: Int
  /// Calls that may be unanswered at once; more are answered `overloaded`.
  package var callsInFlight: Int
  /// How long unfinished calls have after the end of the input before they are cancelled, in milliseconds.
  package var graceMilliseconds: Int
  /// How long, after the end of the input, a client may leave its answers unread before they are given up, in
  /// milliseconds since it last read some.
  package var drainMilliseconds: Int

  package init(
    message: JSONLimits = .standard,
    queuedBytes: Int = 16 << 20,
    callsInFlight: Int = 1024,
    graceMilliseconds: Int = 2000,
    drainMilliseconds: Int = 60_000
  ) {
    self.message = message
    self.queuedBytes = max(queuedBytes, 1)
    self.callsInFlight = max(callsInFlight, 1)
    self.graceMilliseconds = max(graceMilliseconds, 0)
    self.drainMilliseconds = max(drainMilliseconds, 0)
  }
}
