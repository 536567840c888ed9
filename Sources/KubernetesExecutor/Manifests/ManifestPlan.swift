import JSON
import Model

/// The objects of a run, in the order in which they are applied: whatever another one refers to comes first.
package struct ManifestPlan: Sendable, Hashable {
  /// What the run needs beside its workload: Secret, ConfigMap, claims.
  package var preparations: [JSONObject] = []
  /// The Job or the Deployment, which owns the others.
  package var workload: JSONObject = [:]
  package var services: [JSONObject] = []
  package var warnings: [Warning] = []

  package var objects: [JSONObject] { preparations + [workload] + services }
}
