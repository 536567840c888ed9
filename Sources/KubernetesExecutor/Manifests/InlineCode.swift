import FoundationEssentials
import JSON
import Model
import Sources

/// `code` or `base64` as a file of a ConfigMap.
struct InlineCode {
  /// etcd takes no object above 1.5 MiB; Kubernetes' own limit for a ConfigMap's data is 1 MiB.
  static let maximumBytes = 1 << 20
  static let suffix = "source"
  static let key = "source"
  /// Where sources are in containers, as on Core.
  static let directory = "/shared"

  /// Under `directory`.
  var fileName: String
  var base64: String
  var bytes: Int

  /// Nil where the function has neither.
  init?(_ spec: WorkloadSpec) {
    let data: Data
    if let code = spec.code {
      data = Data(code.utf8)
    } else if let base64 = spec.base64, let decoded = Data(base64Encoded: base64.filter { !$0.isWhitespace }) {
      data = decoded
    } else {
      return nil
    }
    fileName = InlineSource.fileName(lang: spec.lang)
    base64 = data.base64EncodedString()
    bytes = data.count
  }
}
