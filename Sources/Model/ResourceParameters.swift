internal import JSON

/// `resources` in all the forms that DigitalHub's releases and the reference have, and the one that is kept:
/// `{requests: {cpu, mem, gpu}, limits: {…}, disk}`.
package enum ResourceParameters {
  package static let resources = Parameter(
    "resources",
    .object([
      amounts("limits", "Limits", "The most that the container may use."),
      amounts("requests", "Requests", "What the container is sure to get."),
      flat(cpu), flat(memory), flat(gpu),
      Parameter("disk", .quantity, title: "Disk", "A volume of this size on /shared.").with {
        $0.unit = "bytes"
        $0.example = "10Gi"
      },
    ]),
    title: "Resources",
    "What the container needs and may use. cpu, mem and gpu outside limits and requests are requests."
  ).with {
    $0.example = ["limits": ["cpu": "1", "mem": "512Mi"], "requests": ["cpu": "250m", "mem": "128Mi"]]
    $0.scopes = [.run]
    $0.group = .resources
    $0.normalise = canonical
    $0.furtherFaults = contradictions
    $0.parts = ["requests", "limits", "disk"]
  }.onCore(.varies("Core lets a run set limits up to 0.13 only; later they are refused. disk is taken from 0.15."))
    .except(.warning("no_effect"), on: Cell.Target.local, actions: [.build], parts: ["requests"])
    .except(.warning("size_not_enforced"), on: Cell.Target.local, parts: ["disk"])
    .except(.error("unsupported"), on: Cell.Target.local, actions: [.build], parts: ["disk"])
    .except(.error("unsupported"), on: [.core14, .core15], parts: ["limits"])
    .except(.error("unsupported"), on: [.core13, .core14], parts: ["disk"])

  private static let cpu = Parameter("cpu", .quantity, title: "CPU", "Processor time.").with {
    $0.unit = "cores"
    $0.example = "500m"
  }
  private static let memory = Parameter("mem", .quantity, title: "Memory", "Main memory.").with {
    $0.aliases = ["memory"]
    $0.unit = "bytes"
    $0.example = "512Mi"
  }
  private static let gpu = Parameter("gpu", .quantity, title: "GPU", "Graphics processors, whole ones.").with {
    $0.unit = "devices"
    $0.example = "1"
  }

  private static func amounts(_ name: String, _ title: String, _ description: String) -> Parameter {
    Parameter(name, .object([cpu, memory, gpu]), title: title, description)
  }

  private static func flat(_ parameter: Parameter) -> Parameter {
    let both = Shape.object(
      ["requests", "limits"].map { name in
        Parameter(name, .quantity, title: name.capitalizedFirst, "The \(name) of \(parameter.title).").with {
          $0.unit = parameter.unit
          $0.example = parameter.example
        }
      }
    )
    return parameter.with {
      $0.shape = .either([.quantity, both])
      $0.isShorthand = true
    }
  }

  /// One amount said twice with different values, a request above its limit, a part of a GPU.
  @Sendable private static func contradictions(_ value: JSONValue, _ pointer: String) -> [Fault] {
    var faults: [Fault] = []
    for name in ["cpu", "mem", "gpu"] {
      let flat = value[name]
      for group in ["requests", "limits"] {
        let other = flat?.objectValue == nil ? (group == "requests" ? flat : nil) : flat?[group]
        guard let other, let said = value[group]?[name], said != other else { continue }
        faults.append(
          Fault(
            pointer: "\(pointer)/\(name)",
            rule: "conflicting_alias",
            message: "`\(name)` is given twice as one of the \(group), with different values.",
            hint: "Give it in `\(group)` only."
          )
        )
      }
    }
    guard faults.isEmpty else { return faults }
    let whole = canonical(value)
    for name in ["cpu", "mem", "gpu"] {
      let request = whole["requests"]?[name]?.stringValue.flatMap { Quantity($0) }
      let limit = whole["limits"]?[name]?.stringValue.flatMap { Quantity($0) }
      if let request, let limit, request.milliValue > limit.milliValue {
        faults.append(
          Fault(
            pointer: pointer,
            rule: "request_above_limit",
            message: "The request of \(name), \(request.text), is above its limit, \(limit.text)."
          )
        )
      }
      if name == "gpu", let part = [request, limit].compactMap({ $0 }).first(where: { $0.milliValue % 1000 != 0 }) {
        faults.append(
          Fault(pointer: pointer, rule: "integer", message: "gpu must be a whole number; it is \(part.text).")
        )
      }
    }
    return faults
  }

  /// Only called with a value that has no faults.
  @Sendable private static func canonical(_ value: JSONValue) -> JSONValue {
    guard let given = value.objectValue else { return value }
    var requests: JSONObject = [:]
    var limits: JSONObject = [:]
    for name in ["cpu", "mem", "gpu"] {
      switch given[name] {
      case .object(let both)?:
        requests[name] = both["requests"]
        limits[name] = both["limits"]
      case let flat?: requests[name] = flat
      case nil: break
      }
      if let request = given["requests"]?[name] { requests[name] = request }
      if let limit = given["limits"]?[name] { limits[name] = limit }
    }
    var result: JSONObject = [:]
    if !requests.isEmpty { result["requests"] = .object(requests) }
    if !limits.isEmpty { result["limits"] = .object(limits) }
    result["disk"] = given["disk"]
    return .object(result)
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
