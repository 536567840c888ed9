import JSON

/// The query parameters by which lists are narrowed: `q name kind user state created updated`, and for tasks and runs
/// `function workflow task action`.
struct Filter {
  private let request: DoubleRequest
  private let level: Int

  /// Refuses times that are none.
  init(_ request: DoubleRequest, level: Int) throws(CoreRefusal) {
    self.request = request
    self.level = level
    for name in ["created", "updated"] {
      for part in request.query(name)?.split(separator: ",") ?? [] where Milliseconds(instant: String(part)) == nil {
        throw .badRequest("Text '\(part)' could not be parsed: \(name)")
      }
    }
  }

  func takes(_ entity: Entity) -> Bool {
    if let text = request.query("q"), !entity.name.lowercased().contains(text.lowercased()) { return false }
    for (name, value) in [
      ("name", entity.name), ("kind", entity.kind), ("user", entity.user), ("state", entity.state),
    ] {
      if let wanted = request.query(name), wanted != value { return false }
    }
    guard isWithin("created", entity.created), isWithin("updated", entity.updated) else { return false }
    guard entity.type == .task || entity.type == .run else { return true }
    if let wanted = request.query("function"), !Self.isFunction(entity.spec["function"]?.stringValue, wanted) {
      return false
    }
    if let wanted = request.query("workflow"), entity.spec["workflow"]?.stringValue != wanted { return false }
    guard entity.type == .run else { return true }
    if let wanted = request.query("task"), entity.spec["task"]?.stringValue != wanted { return false }
    // RunEntityFilter.java: none up to 0.13, then `task LIKE '%action%'`.
    if level >= 14, let wanted = request.query("action"),
      entity.spec["task"]?.stringValue?.contains(wanted) != true
    {
      return false
    }
    return true
  }

  /// With an id the very version, without one all versions.
  private static func isFunction(_ reference: String?, _ wanted: String) -> Bool {
    guard let reference else { return false }
    let path = wanted.firstRange(of: "://").map { wanted[$0.upperBound...] } ?? wanted[...]
    return path.contains(":") ? reference == wanted : reference.hasPrefix(wanted + ":")
  }

  /// `a`: from then on; `a,b`: between the two.
  private func isWithin(_ name: String, _ time: Milliseconds) -> Bool {
    let bounds = (request.query(name) ?? "").split(separator: ",").compactMap { Milliseconds(instant: String($0)) }
    if let from = bounds.first, time < from { return false }
    if bounds.count > 1, time > bounds[1] { return false }
    return true
  }
}
