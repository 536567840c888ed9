internal import FoundationEssentials
internal import JSON
internal import Model

/// What Core keeps of one container's output: one text, growing while the run goes on, in base64. Three shapes
/// (contract, table and section 2): up to 0.15.0 `{id, spec{run, timestamp}, status{pod, container, namespace},
/// content}`, later `{id, run, metadata{created}, extensions{pod, container, namespace}, content}`; any mix is read.
struct LogRecord: Sendable, Hashable {
  /// Names the record in a cursor.
  var id: String
  /// `pod/container`
  var container: String
  /// When Core last took the text down, as far as it says. It has no moment of each line.
  var timestamp: Timestamp
  /// Whether `timestamp` is that of the last change, and not of the first.
  var isLastChange: Bool
  var content: [UInt8]

  init?(_ json: JSONValue) {
    guard let object = json.objectValue else { return nil }
    let places = [object["status"], object["extensions"], .object(object)]
    func text(_ name: String) -> String? {
      places.lazy.compactMap { $0?[name]?.stringValue }.first { !$0.isEmpty }
    }
    let pod = text("pod")
    let name = text("container") ?? "main"
    container = pod.map { "\($0)/\(name)" } ?? name
    id = object["id"]?.stringValue ?? container
    let milliseconds = object["spec"]?["timestamp"]?.integerValue ?? object["timestamp"]?.integerValue
    func moment(_ name: String) -> Timestamp? {
      object["metadata"]?[name]?.stringValue.flatMap(Timestamp.init(parsing:))
    }
    let first =
      milliseconds.flatMap { $0.multipliedReportingOverflow(by: 1_000_000).overflow ? nil : $0 * 1_000_000 }
      .map { Timestamp(nanoseconds: Int64($0)) } ?? moment("created")
    // Core sets the record's own timestamp once, and `updated` with each change.
    let last = moment("updated")
    isLastChange = last != nil
    timestamp = max(first ?? Timestamp(nanoseconds: 0), last ?? Timestamp(nanoseconds: 0))
    guard let encoded = object["content"]?.stringValue, !encoded.isEmpty else {
      content = []
      return
    }
    // What is no base64 is shown as it is rather than lost.
    content = Data(base64Encoded: encoded.filter { !$0.isWhitespace }).map(Array.init) ?? Array(encoded.utf8)
  }
}
