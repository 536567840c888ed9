import JSON
import Model
import Platform

/// The labels and annotations by which the objects of a run are known again, by people and by us.
package enum RunLabels {
  package static let prefix = "dh-sidecar.io/"
  package static let run = prefix + "run"
  package static let project = prefix + "project"
  /// The name of the catalog that records the run.
  package static let catalog = prefix + "catalog"
  /// What owns the objects of a run: the selector of all that this program has made.
  package static let managedBy = "app.kubernetes.io/managed-by"
  package static let manager = "dh-sidecar"
  /// When the run was resumed, of what was made for that attempt.
  package static let attempt = prefix + "resumed-at"
  /// The run's whole record (`spec` of its entity, with what it is of), so that a catalog can be made anew from the
  /// cluster.
  package static let record = prefix + "record"

  /// The recommended labels (Kubernetes, "Recommended Labels"), and ours.
  package static func all(_ execution: Execution) -> JSONObject {
    var labels = ofProject(execution)
    labels["app.kubernetes.io/name"] = .string(ObjectName.labelValue(execution.functionName))
    labels["app.kubernetes.io/instance"] = .string(ObjectName.run(execution.runID))
    labels["app.kubernetes.io/component"] = .string(execution.spec.action.rawValue)
    labels[run] = .string(execution.runID)
    labels[prefix + "function-id"] = .string(execution.functionID)
    labels[prefix + "action"] = .string(execution.spec.action.rawValue)
    return labels
  }

  /// Of what outlives the run, which carries only what stays true.
  package static func ofProject(_ execution: Execution) -> JSONObject {
    let name = JSONValue.string(ObjectName.labelValue(execution.project))
    var labels: JSONObject = [managedBy: .string(manager), "app.kubernetes.io/part-of": name, project: name]
    if !execution.catalog.isEmpty { labels[catalog] = .string(ObjectName.labelValue(execution.catalog)) }
    return labels
  }

  /// Names that a label may have had to change.
  package static func annotations(_ execution: Execution) -> JSONObject {
    var annotations: JSONObject = [
      prefix + "project-name": .string(execution.project),
      prefix + "function-name": .string(execution.functionName),
    ]
    annotations[attempt] = execution.resumedAt.map { .string($0.text) }
    if let record = execution.record { annotations[self.record] = .string(JSONValue.object(record).text()) }
    return annotations
  }
}
