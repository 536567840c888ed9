/// What a function can be run as: the reference's four task actions.
package enum Action: String, Sendable, CaseIterable, Hashable {
  case job, serve, build, deploy

  /// A task's kind: `container+job`.
  package var taskKind: String { "container+\(rawValue)" }
  /// A run's kind, as DigitalHub 0.15 has it: `container+job:run`.
  package var runKind: String { "container+\(rawValue):run" }
  /// Whether it is kept up until it is stopped, instead of running to an end.
  package var staysUp: Bool { self == .serve || self == .deploy }
}
