/// Why a request got no usable answer.
package enum HTTPError: Error, Sendable, Hashable {
  /// Nobody listens there, or the socket is gone.
  case refused(String)
  /// No answer, or no next part of it, in time.
  case timeout(String)
  /// The connection ended before the answer did.
  case closed(String)
  /// The server's certificate, or a file of those to trust, can't be relied on.
  case untrusted(String)
  /// The answer is larger than the caller takes.
  case tooLarge(limit: Int)
  /// Anything else, in the client library's words.
  case other(String)

  /// For a person.
  package var message: String {
    switch self {
    case .refused(let text): "can't connect: \(text)"
    case .timeout(let text): "no answer in time: \(text)"
    case .closed(let text): "the connection was closed: \(text)"
    case .untrusted(let text):
      "no trusted connection: \(text); name the PEM file of its authority in core.ca_file (DH_SIDECAR_CORE_CA_FILE) or "
        + "REQUESTS_CA_BUNDLE"
    case .tooLarge(let limit): "the answer is larger than \(limit) bytes"
    case .other(let text): text
    }
  }
}
