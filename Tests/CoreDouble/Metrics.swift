import JSON

extension CoreState {
  /// `…/runs/{id}/metrics[/{name}]`: numbers or lists of them; `k8s` is the cluster's, from level 15 on.
  mutating func metrics(_ request: DoubleRequest, _ run: Entity, name: String?) throws(CoreRefusal) -> DoubleResponse {
    switch (request.method, name) {
    case ("GET", nil): return .json(run.metrics)
    case ("GET", "k8s") where options.level >= 15: return .json(.object(usage(of: run)))
    case ("GET", let name?): return .json(run.metrics[name] ?? [])
    case ("PUT", let name?):
      let value = try request.value()
      let numbers = value.arrayValue ?? [value]
      guard numbers.allSatisfy({ $0.doubleValue != nil }) else {
        throw .badRequest("JSON parse error: a number or a list of numbers is expected")
      }
      runs[run.id]?.metrics[name] = value
      return .empty
    default: throw .methodNotAllowed
    }
  }

  private func usage(of run: Entity) -> JSONObject {
    guard let record = run.run, run.state == "RUNNING", record.fate.obstacle == nil else { return ["metrics": []] }
    let status = RunStatus(entity: run, run: record, options: options, now: now)
    return [
      "metrics": [
        [
          "pod": .string(status.podName), "container": .string(status.containerName),
          "timestamp": .string(now.instantText), "window": "30s", "usage": ["cpu": "10m", "memory": "20Mi"],
        ]
      ]
    ]
  }
}
