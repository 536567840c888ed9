import JSON
import Model
import Platform

/// Turns a run into a cluster's objects. Pure: contacts nothing.
package enum ManifestPlanner {
  /// Throws `unsupported_parameter` with every parameter that a cluster can't honour, `invalid_params` where something it
  /// needs is missing.
  package static func plan(
    _ execution: Execution,
    _ configuration: KubernetesConfiguration
  ) throws(SidecarError) -> ManifestPlan {
    let spec = execution.spec
    guard spec.action != .build else {
      throw SidecarError(
        .unsupportedAction,
        "The Kubernetes platform does not run the action `build` yet.",
        hint: "Build on this machine (--platform local) and push, or through Core."
      )
    }
    let faults = refusals(spec)
    guard faults.isEmpty else {
      throw SidecarError(.unsupportedParameter, faults[0].message, hint: faults[0].hint, faults: faults)
    }
    guard spec.image != nil else {
      let fault = Fault(pointer: "/image", rule: "required", message: "needed for \(spec.action.rawValue)")
      throw SidecarError(.invalidParams, "The function has no image.", faults: [fault])
    }
    let volumes = VolumeManifests(execution, configuration)
    var plan = ManifestPlan(warnings: volumes.warnings)
    plan.preparations = [secret(execution, configuration), source(execution, configuration)].compactMap(\.self)
    plan.preparations += volumes.claims
    let template = PodTemplate(execution, configuration, volumes).json
    plan.workload =
      spec.action == .job
      ? job(execution, configuration, template) : deployment(execution, configuration, template)
    if spec.action == .serve { plan.services = ServiceManifests(execution, configuration).objects }
    return plan
  }

  private static func job(
    _ execution: Execution,
    _ configuration: KubernetesConfiguration,
    _ template: JSONValue
  ) -> JSONObject {
    var spec: JSONObject = ["parallelism": 1, "completions": 1, "backoffLimit": 0]
    spec["activeDeadlineSeconds"] = configuration.jobDeadlineSeconds.map { .integer($0) }
    spec["template"] = template
    return object("batch/v1", "Job", ObjectName.run(execution.runID), execution, configuration, ["spec": .object(spec)])
  }

  private static func deployment(
    _ execution: Execution,
    _ configuration: KubernetesConfiguration,
    _ template: JSONValue
  ) -> JSONObject {
    let spec: JSONObject = [
      "replicas": .integer(execution.spec.replicas),
      "selector": ["matchLabels": [RunLabels.run: .string(execution.runID)]],
      "template": template,
    ]
    let name = ObjectName.run(execution.runID)
    return object("apps/v1", "Deployment", name, execution, configuration, ["spec": .object(spec)])
  }

  /// The project's secrets that the run names; nil where it names none.
  private static func secret(_ execution: Execution, _ configuration: KubernetesConfiguration) -> JSONObject? {
    guard !execution.spec.secrets.isEmpty else { return nil }
    let values = execution.spec.secrets.map { name in
      (name, JSONValue.string(execution.secretValues[name] ?? "<secret \(name)>"))
    }
    let name = ObjectName.run(execution.runID, "secrets")
    let rest: JSONObject = ["type": "Opaque", "stringData": .object(JSONObject(values))]
    return object("v1", "Secret", name, execution, configuration, rest)
  }

  /// `code` or `base64`, which fits into the cluster's own store.
  private static func source(_ execution: Execution, _ configuration: KubernetesConfiguration) -> JSONObject? {
    guard let source = InlineCode(execution.spec) else { return nil }
    let name = ObjectName.run(execution.runID, InlineCode.suffix)
    let rest: JSONObject = ["binaryData": [InlineCode.key: .string(source.base64)]]
    return object("v1", "ConfigMap", name, execution, configuration, rest)
  }

  static func object(
    _ version: String,
    _ kind: String,
    _ name: String,
    _ execution: Execution,
    _ configuration: KubernetesConfiguration,
    _ rest: JSONObject
  ) -> JSONObject {
    var metadata: JSONObject = [
      "name": .string(name), "namespace": .string(configuration.namespace),
      "labels": .object(RunLabels.all(execution)),
    ]
    // The workload alone has the record: it is what the others go with.
    if ["Job", "Deployment"].contains(kind) { metadata["annotations"] = .object(RunLabels.annotations(execution)) }
    let head: JSONObject = [
      "apiVersion": .string(version), "kind": .string(kind), "metadata": .object(metadata),
    ]
    return JSONObject((head.members + rest.members).map { ($0.name, $0.value) })
  }

  private static func refusals(_ spec: WorkloadSpec) -> [Fault] {
    var faults: [Fault] = []
    if spec.serviceType == .externalName, spec.action == .serve {
      faults.append(
        Fault(
          pointer: "/service_type",
          rule: "unsupported",
          message: "ExternalName is an alias of a name outside of the cluster: nothing that runs can be behind it.",
          hint: "Use ClusterIP, NodePort or LoadBalancer."
        )
      )
    }
    if spec.codeSource != nil {
      faults.append(
        Fault(
          pointer: "/code_src",
          rule: "unsupported",
          message: "Sources that are fetched do not reach a cluster's pods yet.",
          hint: "Give the source as code or base64, or put it into the image."
        )
      )
    }
    if let size = InlineCode(spec)?.bytes, size > InlineCode.maximumBytes {
      faults.append(
        Fault(
          pointer: spec.code == nil ? "/base64" : "/code",
          rule: "too_large",
          message: "The code has \(size) bytes; a ConfigMap holds \(InlineCode.maximumBytes) at most.",
          hint: "Put it where code_src can name it."
        )
      )
    }
    return faults
  }
}
