internal import JSON
package import Model
package import Platform

/// What applying a container file asks beside.
extension CorePlatform {
  package func check(_ draft: RunDraft, of made: FunctionDraft?) async throws {
    guard let made else {
      _ = try await prepare(draft)
      return
    }
    try Self.requireSupported(made)
    _ = try await prepare(draft, of: Self.entity(of: made), isNew: true)
  }

  /// Core keeps the spec of a version for ever; only the pull policy, which is kept elsewhere, can be changed.
  package func says(_ function: Entity, _ draft: FunctionDraft) -> Bool {
    function.spec["image_pull_policy"] == draft.spec["image_pull_policy"]
  }

  package func version(madeByRun id: String, project: String) -> String? { Self.versionID(ofRun: id, project: project) }
}
