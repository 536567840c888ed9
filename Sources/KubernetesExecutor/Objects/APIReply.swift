import JSON
import Model

/// An API server's answer with its whole body.
struct APIReply: Sendable {
  var status: Int
  var json: JSONValue?
  /// Seconds; of a 429 or a 503.
  var retryAfter: Double?

  var isSuccess: Bool { (200..<300).contains(status) }

  /// The server's own words: `Status.message`.
  var message: String { json?["message"]?.stringValue ?? "HTTP status \(status)" }

  /// As an error of ours. `what` follows "The cluster refused".
  func refusal(_ what: String) -> SidecarError {
    let causes = (json?["details"]?["causes"]?.arrayValue ?? []).map { cause in
      Fault(
        pointer: "/" + (cause["field"]?.stringValue ?? "").split(separator: ".").joined(separator: "/"),
        rule: cause["reason"]?.stringValue ?? "refused",
        message: cause["message"]?.stringValue ?? message
      )
    }
    switch status {
    case 401:
      return SidecarError(
        .credentialsRejected,
        "The cluster does not know who asks.",
        hint: "Log in again, or renew the kubeconfig's credentials; `kubectl auth whoami` tells more.",
        cause: message
      )
    case 403 where message.contains("exceeded quota"):
      return SidecarError(
        .clusterError,
        "The namespace's quota leaves no room for \(what).",
        hint: "`kubectl describe quota` shows what is used; remove runs, or ask for less.",
        cause: message
      )
    case 403:
      return SidecarError(
        .forbidden,
        "The cluster does not allow \(what).",
        hint: "README.md has the smallest Role that works; whoever administers the cluster grants it.",
        cause: message
      )
    case 429, 500...:
      var error = SidecarError(.clusterUnavailable, "The cluster can't take \(what) at the moment.", cause: message)
      error.retryAfterMilliseconds = retryAfter.map { Int($0 * 1000) }
      return error
    default:
      return SidecarError(.clusterError, "The cluster refused \(what).", cause: message, faults: causes)
    }
  }
}
