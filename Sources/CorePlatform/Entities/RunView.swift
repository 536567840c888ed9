internal import JSON
internal import Model

/// A run as Core sends it, told in the reference's terms: a pure reading.
struct RunView: Sendable {
  let core: CoreEntity

  var state: RunState { core.state }

  var entity: Entity { core.entity(.run, spec: spec, status: status) }

  /// The reference's names; resources and volumes as every platform shows them.
  private var spec: JSONObject {
    var spec = FunctionSpec.reference(core.spec)
    spec["action"] = action.map { .string($0.rawValue) }
    for parameter in Self.reshaped {
      guard let value = spec[parameter.name] else { continue }
      let check = ParameterCheck([parameter.name: value], against: [parameter])
      // What this version can't read is shown as it came.
      if check.faults.isEmpty { spec[parameter.name] = check.normalised[parameter.name] }
    }
    return spec
  }

  private static let reshaped = RunParameters.spec.filter { ["resources", "volumes"].contains($0.name) }

  /// From the kind (`container+serve:run`), or up to 0.13 from the task's (`container+serve://P/ID`).
  var action: Action? {
    for text in [core.kind, core.spec["task"]?.stringValue ?? ""] {
      guard let plus = text.firstIndex(of: "+") else { continue }
      let word = text[text.index(after: plus)...].prefix { $0.isLetter }
      if let action = Action(rawValue: String(word)) { return action }
    }
    return nil
  }

  /// With `reason`, `exit_code`, `started_at`, `finished_at`, `image` and `service.url` where they can be read off.
  private var status: JSONObject {
    var status = core.status
    let transitions = transitions
    if status["transitions"] != nil { status["transitions"] = .array(transitions.map { .object($0) }) }
    if let ending = ContainerEnding(status: core.status) {
      status["exit_code"] = status["exit_code"] ?? ending.exitCode.map { .integer($0) }
      if state == .error || state == .completed {
        status["reason"] = status["reason"] ?? ending.reason.map { .string($0) }
      }
    }
    if state == .error, status["reason"] == nil {
      // Core answers 200 where it can't make the cluster's objects of a run: it never gets as far as being ready.
      let hasBegun = transitions.contains { ["READY", "PENDING", "RUNNING"].contains($0["status"]?.stringValue) }
      status["reason"] = hasBegun || transitions.isEmpty ? "Error" : "InvalidSpec"
    }
    status["started_at"] = status["started_at"] ?? transitions.last { $0["status"] == "RUNNING" }?["time"]
    if state.isTerminal, let first = transitions.first, first["status"]?.stringValue == state.rawValue {
      status["finished_at"] = status["finished_at"] ?? first["time"]
    }
    if let image = core.status["outputs"]?["image"]?.stringValue { status["image"] = status["image"] ?? .string(image) }
    if var service = status["service"]?.objectValue {
      service["url"] = service["url"]?.stringValue.map { .string(Self.openable($0)) }
      if let urls = service["urls"]?.arrayValue {
        service["urls"] = .array(urls.map { $0.stringValue.map { .string(Self.openable($0)) } ?? $0 })
      }
      status["service"] = .object(service)
    }
    return status
  }

  /// Core gives `name.namespace:port`, in-cluster.
  private static func openable(_ url: String) -> String { url.contains("://") ? url : "http://" + url }

  /// Newest first, as Core documents them; a list that says otherwise is turned.
  var transitions: [JSONObject] {
    let list = core.status["transitions"]?.arrayValue?.compactMap(\.objectValue) ?? []
    guard let first = list.first?["status"]?.stringValue, let last = list.last?["status"]?.stringValue, list.count > 1
    else { return list }
    let isOldestFirst = first != state.rawValue && (last == state.rawValue || first == RunState.created.rawValue)
    return isOldestFirst ? list.reversed() : list
  }
}

/// How a run's container ended, from Core's only word on it: `status.pods[].containers[].state` is a text such as
/// `terminated at … exitCode: 3 reason: Error` (contract, section 4).
struct ContainerEnding: Sendable, Hashable {
  var exitCode: Int?
  var reason: String?

  init?(status: JSONObject) {
    let texts = (status["pods"]?.arrayValue ?? []).flatMap { pod in
      (pod["containers"]?.arrayValue ?? []).compactMap { $0["state"]?.stringValue }
    }
    // Of several, the one that failed is the cause.
    let endings = texts.compactMap(Self.init(text:))
    guard let ending = endings.first(where: { ($0.exitCode ?? 0) != 0 }) ?? endings.first else { return nil }
    self = ending
  }

  init?(text: String) {
    func word(after label: String) -> String? {
      guard let range = text.firstRange(of: label) else { return nil }
      let word = text[range.upperBound...].drop { $0 == " " }.prefix { !$0.isWhitespace && $0 != "," && $0 != ";" }
      return word.isEmpty ? nil : String(word)
    }
    exitCode = word(after: "exitCode:").flatMap { Int($0) }
    reason = word(after: "reason:")
    if exitCode == nil && reason == nil { return nil }
  }
}
