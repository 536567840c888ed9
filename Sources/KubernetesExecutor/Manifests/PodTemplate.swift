import JSON
import Model
import Platform

/// The pod of a run, the same for a Job and a Deployment.
struct PodTemplate {
  /// Of the container that runs the user's program.
  static let container = "main"

  private let execution: Execution
  private let configuration: KubernetesConfiguration
  private let volumes: VolumeManifests
  private var spec: WorkloadSpec { execution.spec }

  init(_ execution: Execution, _ configuration: KubernetesConfiguration, _ volumes: VolumeManifests) {
    self.execution = execution
    self.configuration = configuration
    self.volumes = volumes
  }

  var json: JSONValue {
    var pod: JSONObject = [
      "restartPolicy": spec.action == .job ? "Never" : "Always",
      // A program gets no access to the cluster unasked, nor the addresses of all Services of the namespace as variables.
      "automountServiceAccountToken": false,
      "enableServiceLinks": false,
      "terminationGracePeriodSeconds": .integer(configuration.stopGraceSeconds),
      "securityContext": .object(securityContext),
      "containers": [.object(container)],
    ]
    if !volumes.volumes.isEmpty { pod["volumes"] = .array(volumes.volumes) }
    if !configuration.imagePullSecrets.isEmpty {
      pod["imagePullSecrets"] = .array(configuration.imagePullSecrets.map { ["name": .string($0)] })
    }
    if !spec.nodeSelector.isEmpty {
      pod["nodeSelector"] = .object(JSONObject(spec.nodeSelector.map { ($0.key, .string($0.value)) }))
    }
    pod["affinity"] = spec.affinity.map { PassedThrough.camelCased(.object($0)) }
    if !spec.tolerations.isEmpty {
      pod["tolerations"] = .array(spec.tolerations.map { PassedThrough.camelCased(.object($0)) })
    }
    pod["runtimeClassName"] = spec.runtimeClass.map { .string($0) }
    pod["priorityClassName"] = spec.priorityClass.map { .string($0) }
    return [
      "metadata": ["labels": .object(RunLabels.all(execution))],
      "spec": .object(pod),
    ]
  }

  private var securityContext: JSONObject {
    var context: JSONObject = ["seccompProfile": ["type": "RuntimeDefault"]]
    context["runAsUser"] = spec.runAsUser.map { .integer($0) }
    context["runAsGroup"] = spec.runAsGroup.map { .integer($0) }
    context["fsGroup"] = spec.fsGroup.map { .integer($0) }
    return context
  }

  private var container: JSONObject {
    var container: JSONObject = [
      "name": .string(Self.container),
      "image": .string(spec.image ?? ""),
      "imagePullPolicy": .string(spec.imagePullPolicy.rawValue),
      "env": .array(environment),
      "securityContext": ["allowPrivilegeEscalation": false, "privileged": false],
    ]
    // One argv element, never split: a shell's words belong into args.
    if let command = spec.command { container["command"] = [.string(LiteralText.escaped(command))] }
    if !spec.args.isEmpty { container["args"] = .array(spec.args.map { .string(LiteralText.escaped($0)) }) }
    let resources = resources
    if !resources.isEmpty { container["resources"] = .object(resources) }
    if !volumes.mounts.isEmpty { container["volumeMounts"] = .array(volumes.mounts) }
    guard spec.action == .serve, !spec.servicePorts.isEmpty else { return container }
    var seen: Set<Int> = []
    let ports = spec.servicePorts.map(\.targetPort).filter { seen.insert($0).inserted }
    container["ports"] = .array(
      ports.map { ["name": .string("port\($0)"), "containerPort": .integer($0), "protocol": "TCP"] }
    )
    // RUNNING is said once the program listens.
    container["readinessProbe"] = [
      "tcpSocket": ["port": .integer(ports[0])], "periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 3,
    ]
    return container
  }

  /// A variable given twice keeps its last value: the run's own come first, so that the caller's win.
  private var environment: [JSONValue] {
    var values: JSONObject = [
      "PROJECT_NAME": ["value": .string(LiteralText.escaped(execution.project))],
      "RUN_ID": ["value": .string(execution.runID)],
    ]
    values["DH_HANDLER"] = spec.handler.map { ["value": .string(LiteralText.escaped($0))] }
    let secret = JSONValue.string(ObjectName.run(execution.runID, "secrets"))
    for name in spec.secrets {
      values[name] = ["valueFrom": ["secretKeyRef": ["name": secret, "key": .string(name)]]]
    }
    for variable in spec.envs { values[variable.name] = ["value": .string(LiteralText.escaped(variable.value))] }
    return values.members.map { variable in
      var entry: JSONObject = ["name": .string(variable.name)]
      for (name, value) in variable.value.objectValue ?? [:] { entry[name] = value }
      return .object(entry)
    }
  }

  /// Quantities as they were written. Of devices a request is a limit (Kubernetes: they are never overcommitted).
  private var resources: JSONObject {
    var requests = amounts(spec.resources.requests)
    var limits = amounts(spec.resources.limits)
    let gpus = spec.resources.limits.gpu ?? spec.resources.requests.gpu
    if let gpus {
      limits[configuration.gpuResource] = .string(gpus.text)
      requests[configuration.gpuResource] = .string(gpus.text)
    }
    if let disk = spec.resources.disk { requests["ephemeral-storage"] = .string(disk.text) }
    var resources: JSONObject = [:]
    if !requests.isEmpty { resources["requests"] = .object(requests) }
    if !limits.isEmpty { resources["limits"] = .object(limits) }
    return resources
  }

  private func amounts(_ amounts: Resources.Amounts) -> JSONObject {
    var json: JSONObject = [:]
    json["cpu"] = amounts.cpu.map { .string($0.text) }
    json["memory"] = amounts.memory.map { .string($0.text) }
    return json
  }
}
