import HTTP
import JSON

/// The kinds of objects that are made or looked at.
package enum Resource: String, Sendable, CaseIterable {
  case pod = "Pod"
  case job = "Job"
  case deployment = "Deployment"
  case replicaSet = "ReplicaSet"
  case service = "Service"
  case endpoints = "Endpoints"
  case secret = "Secret"
  case configMap = "ConfigMap"
  case persistentVolumeClaim = "PersistentVolumeClaim"
  case event = "Event"

  /// `/api/v1/namespaces/NAMESPACE/pods`
  func path(_ namespace: String) -> String {
    let group =
      switch self {
      case .job: "/apis/batch/v1"
      case .deployment, .replicaSet: "/apis/apps/v1"
      default: "/api/v1"
      }
    return "\(group)/namespaces/\(HTTPRequest.percentEncoded(namespace))/\(plural)"
  }

  func path(_ namespace: String, _ name: String) -> String {
    path(namespace) + "/" + HTTPRequest.percentEncoded(name)
  }

  private var plural: String { self == .endpoints ? "endpoints" : rawValue.lowercased() + "s" }
}
