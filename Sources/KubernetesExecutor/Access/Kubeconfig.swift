import JSON
import Model
import YAML

/// What kubeconfig files say, merged as kubectl merges them (client-go, clientcmd loading rules): of a map's entries, and
/// of `current-context`, the first file that has them counts.
package struct Kubeconfig: Sendable, Hashable {
  /// An entry, and the folder of its file: relative paths in it begin there.
  package struct Entry: Sendable, Hashable {
    package var value: JSONObject
    package var folder: String
    package var file: String
  }

  package private(set) var clusters: [String: Entry] = [:]
  package private(set) var users: [String: Entry] = [:]
  package private(set) var contexts: [String: Entry] = [:]
  package private(set) var currentContext: String?
  /// That were read.
  package private(set) var files: [String] = []

  package init() {}

  /// Throws `invalid_settings` where the text is no kubeconfig.
  package mutating func merge(_ bytes: [UInt8], file: String) throws(SidecarError) {
    let value: JSONValue
    do { value = try YAMLDocument(parsing: bytes, limits: YAMLLimits(bytes: 16 << 20)).value } catch {
      throw Self.fault(file, "line \(error.position.line): \(error)")
    }
    files.append(file)
    if value.isNull { return }
    guard let object = value.objectValue else { throw Self.fault(file, "it is no mapping, but \(value.typeName)") }
    if currentContext == nil, let name = object["current-context"]?.stringValue, !name.isEmpty { currentContext = name }
    try add(object, "clusters", "cluster", file, to: &clusters)
    try add(object, "users", "user", file, to: &users)
    try add(object, "contexts", "context", file, to: &contexts)
  }

  private func add(
    _ object: JSONObject,
    _ list: String,
    _ member: String,
    _ file: String,
    to entries: inout [String: Entry]
  ) throws(SidecarError) {
    guard let items = object[list], !items.isNull else { return }
    guard let array = items.arrayValue else { throw Self.fault(file, "`\(list)` is no list") }
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    for (index, item) in array.enumerated() {
      guard let name = item["name"]?.stringValue else { throw Self.fault(file, "`\(list)` \(index) has no name") }
      if entries[name] != nil { continue }
      entries[name] = Entry(value: item[member]?.objectValue ?? [:], folder: folder, file: file)
    }
  }

  static func fault(_ file: String, _ message: String) -> SidecarError {
    SidecarError(
      .invalidSettings,
      "The kubeconfig \(file) can't be used: \(message).",
      hint: "`kubectl config view` shows what kubectl reads; KUBECONFIG or kubernetes.kubeconfig names another file."
    )
  }
}
