internal import Model

/// Labels of ours on Core's entities: what Core's own spec has no place for. They are taken off again on the way back,
/// so that a caller sees the labels that a caller gave.
enum CoreLabel {
  private static let prefix = "dh-sidecar:"

  /// Of a function: Core drops the `image_pull_policy` of a function when it stores it (contract, section 4), and
  /// keeps that of a run. So the policy waits here until there is a run.
  static func imagePullPolicy(_ policy: String) -> String { "\(prefix)image_pull_policy=\(policy)" }

  static func isOurs(_ label: String) -> Bool { label.hasPrefix(prefix) }

  static func imagePullPolicy(in labels: [String]) -> String? { value("image_pull_policy", in: labels) }

  private static func value(_ name: String, in labels: [String]) -> String? {
    let start = "\(prefix)\(name)="
    return labels.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }
}
