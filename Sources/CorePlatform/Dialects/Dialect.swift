internal import JSON
internal import Model

/// How one release line of Core wants a run to be written. What differs between releases is here and in the files of
/// the dialects, nowhere else.
protocol Dialect: Sendable {
  /// X-Api-Level.
  var level: Int { get }
  /// For people: `Core 0.14`.
  var release: String { get }
  /// Whether STOPPED runs can be resumed.
  var resumes: Bool { get }
  /// Whether runs can be listed by their action.
  var filtersByAction: Bool { get }
  var volumeKinds: Set<Volume.Kind> { get }
  /// Whether a run may say where it goes: node_selector, affinity, tolerations, runtime_class, priority_class.
  var takesPlacement: Bool { get }
  /// Whether a function's source may be a Dockerfile.
  var takesDockerfile: Bool { get }

  func runKind(of action: Action) -> String
  func resources(_ resources: Resources, into translation: inout Translation)
  /// `instructions` that are each one instruction (see Build), with their index.
  func instruction(_ instruction: BuildInstruction, into translation: inout Translation) -> String?
  /// What only this release gets wrong.
  func furtherFindings(_ plan: RunPlan, into translation: inout Translation)
}

/// One entry of a build's `instructions`, parsed.
struct BuildInstruction: Sendable {
  var index: Int
  /// `RUN`, `COPY`, …
  var keyword: String
  /// The whole instruction, as it stands in a Dockerfile.
  var text: String

  var pointer: String { "/instructions/\(index)" }
}

enum Dialects {
  /// Oldest first. A new release line is a file beside these and an entry here.
  static let all: [any Dialect] = [Dialect13(), Dialect14(), Dialect15()]
}

extension Dialect {
  func furtherFindings(_ plan: RunPlan, into translation: inout Translation) {}

  /// Core's run spec for the plan. Faults name the parameter, the release that can, and the remedy.
  func translate(_ plan: RunPlan) -> Translation {
    var translation = RunSpecTranslation(plan: plan, dialect: self).translation
    furtherFindings(plan, into: &translation)
    return translation
  }
}
