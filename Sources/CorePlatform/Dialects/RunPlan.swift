internal import JSON
internal import Model

/// What one run asks for, in the reference's terms, before a dialect puts it into its release's.
struct RunPlan: Sendable {
  /// The function's parameters with the run's laid over them.
  var spec: WorkloadSpec
  /// What the run itself gives, normalised, by the reference's names.
  var given: JSONObject
  /// The function's own parameters, by the reference's names.
  var function: JSONObject

  var action: Action { spec.action }
}

/// What a dialect makes of a plan: Core's run spec, and what is to be said about it.
struct Translation: Sendable {
  /// Without `task` and `function`, which are the platform's.
  var spec: JSONObject = [:]
  var faults: [Fault] = []
  var warnings: [Warning] = []

  mutating func refuse(_ pointer: String, rule: String = "unsupported", _ message: String, hint: String? = nil) {
    faults.append(Fault(pointer: pointer, rule: rule, message: message, hint: hint))
  }

  /// What releases before 0.15 say to `disk`.
  mutating func refuseDisk(_ resources: Resources, release: String) {
    guard resources.disk != nil else { return }
    refuse(
      "/resources/disk",
      "\(release) has no `disk`; from Core 0.15 it is a volume on /shared.",
      hint: "Give a volume of type ephemeral with mount_path /shared and this size."
    )
  }

  mutating func warn(_ pointer: String, _ code: String, _ message: String) {
    warnings.append(Warning(pointer: pointer, code: code, message: message))
  }
}
