import JSON

/// From a run as it was sent to one in the cluster's hands: the merge, and what Core and the cluster refuse.
struct RunMaking {
  let options: DoubleOptions
  let task: Entity
  let function: Entity

  /// run > task, then the function's non-empty values overwrite (contract, section 4).
  func merged(_ run: JSONObject) -> JSONObject {
    var spec = run
    for member in task.spec where spec[member.name] == nil { spec[member.name] = member.value }
    for member in function.spec where !member.value.isEmptyValue || spec[member.name] == nil {
      spec[member.name] = member.value
    }
    return spec
  }

  /// What fails while Core makes the runnable. Gives back a build's plan.
  func check(_ run: Entity, action: String, fate: Fate) throws(RunBreakage) -> BuildPlan? {
    if let breakage = fate.breakage { throw RunBreakage(breakage) }
    let name = RunStatus.objectName(action: action, id: run.id)
    guard name.count <= 62 else { throw RunBreakage("Name exceeds max length: \(name.count)(\(name))") }
    for volume in run.spec["volumes"]?.arrayValue ?? [] where volume["volume_type"]?.stringValue == "shared_volume" {
      let claim = volume["spec"]?["claimName"]?.stringValue ?? volume["name"]?.stringValue ?? ""
      guard options.sharedVolumes.contains(claim) else { throw RunBreakage("Shared volume \(claim) not found") }
    }
    switch action {
    case "deploy":
      guard (run.spec["replicas"]?.integerValue ?? 1) > 0 else { throw RunBreakage("replicas should be > 0") }
      return nil
    case "build":
      return try BuildPlan(
        spec: run.spec,
        run: run,
        function: function,
        level: options.level,
        registry: options.registry
      )
    default: return nil
    }
  }

  /// What the Kubernetes API would say to it; nil where it would take it.
  func refusal(_ run: Entity, action: String) -> String? {
    let name = RunStatus.objectName(action: action, id: run.id)
    if action != "build", run.spec["image"]?.stringValue?.isEmpty ?? true {
      let kind = action == "job" ? "Job.batch" : "Deployment.apps"
      return "\(kind) \"\(name)\" is invalid: spec.template.spec.containers[0].image: Required value"
    }
    if action == "serve", RunStatus.ports(run.spec).isEmpty {
      return "Service \"\(name)\" is invalid: spec.ports: Required value"
    }
    return nil
  }
}
