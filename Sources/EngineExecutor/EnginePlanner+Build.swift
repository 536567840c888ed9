import Build
import JSON
import Model
import Platform

extension EnginePlanner {
  static func build(_ execution: Execution) throws -> EnginePlan {
    let spec = execution.spec
    try refuseInBuild(spec)
    let isWhole = spec.lang == "dockerfile"
    // Without base_image the image is what the build starts from, and must not be overwritten by what it makes.
    let isImageBase = spec.baseImage == nil && !isWhole
    let named = isImageBase ? nil : spec.image
    let tag = try named.map { try qualified($0, pointer: "/image") } ?? builtImage(execution)
    try check(tag, named: named != nil, spec)
    var plan = EnginePlan(image: tag, pullPolicy: spec.imagePullPolicy)
    plan.warnings = placementWarnings(spec)
    let hasSource = spec.code != nil || spec.base64 != nil || spec.codeSource != nil
    let dockerfile: Dockerfile? =
      isWhole && spec.codeSource != nil
      ? nil : try Dockerfile.make(spec, source: hasSource ? BuildContext.sourceDirectory : nil)
    var query = "t=" + EngineCall.encoded(tag) + "&dockerfile=" + BuildContext.dockerfileName + "&rm=1&forcerm=1"
    if isWhole {
      switch spec.imagePullPolicy {
      case .always: query += "&pull=1"
      case .ifNotPresent: break
      case .never:
        plan.warnings.append(
          Warning(
            pointer: "/image_pull_policy",
            code: "no_effect",
            message: "the engine itself fetches what a whole Dockerfile starts from, where it is not on this machine"
          )
        )
      }
    }
    query += resources(spec, &plan.warnings)
    if !spec.envs.isEmpty {
      let arguments = JSONObject(spec.envs.map { ($0.name, .string($0.value)) })
      query += "&buildargs=" + EngineCall.encoded(JSONValue.object(arguments).text())
    }
    if !spec.secrets.isEmpty {
      let mounts = spec.secrets.map { JSONValue.string("id=\($0),src=" + BuildContext.secretName($0)) }
      query += "&secrets=" + EngineCall.encoded(JSONValue.array(mounts).text())
    }
    if isImageBase {
      plan.warnings.append(
        Warning(
          pointer: "/image",
          code: "image_is_base",
          message: "there is no base_image, so the build starts from `image`; what it makes is named \(tag)"
        )
      )
    }
    var body: JSONObject = [:]
    body[BuildContext.dockerfileName] = .string(dockerfile?.text ?? "<of the function's source>")
    if hasSource, !isWhole { body[BuildContext.sourceDirectory + "/"] = "<the function's source>" }
    for name in spec.secrets { body[BuildContext.secretName(name)] = .string("<secret \(name)>") }
    plan.build = BuildPlan(
      tag: tag,
      dockerfile: dockerfile,
      base: try base(spec, isWhole: isWhole),
      call: EngineCall("POST", "/build?" + query, body: body),
      push: spec.push ? try push(tag) : nil
    )
    return plan
  }

  private static func base(_ spec: WorkloadSpec, isWhole: Bool) throws -> BuildPlan.Base? {
    guard !isWhole, let name = spec.baseImage ?? spec.image, name != "scratch" else { return nil }
    let base = try qualified(name, pointer: spec.baseImage == nil ? "/image" : "/base_image")
    let policy = spec.imagePullPolicy
    return BuildPlan.Base(image: base, pullPolicy: policy, pull: pull(base, policy: policy))
  }

  private static func push(_ tag: String) throws -> EngineCall {
    let reference = try ImageReference(tag)
    return EngineCall(
      "POST",
      "/images/" + EngineCall.encoded("\(reference.registry)/\(reference.repository)") + "/push?tag="
        + EngineCall.encoded(reference.tag ?? "latest")
    )
  }

  private static func check(_ tag: String, named: Bool, _ spec: WorkloadSpec) throws {
    var faults: [Fault] = []
    let reference = try ImageReference(tag)
    if reference.digest != nil {
      faults.append(
        Fault(
          pointer: "/image",
          rule: "image",
          message: "a build can't be given the digest of what it makes",
          hint: "Give a name and a tag; status.image_digest says the digest afterwards."
        )
      )
    }
    if spec.push, !named || reference.registry == "localhost" {
      faults.append(
        Fault(
          pointer: "/push",
          rule: "registry",
          message: "`push` needs an `image` that names a registry, and the build is named \(tag)",
          hint: "Give image as REGISTRY/NAME:TAG and base_image beside it, or leave push out."
        )
      )
    }
    guard faults.isEmpty else { throw SidecarError(.invalidParams, "The build has a fault.", faults: faults) }
  }

  /// The builders of Podman and Docker (without BuildKit) mount no volumes. Secrets: see `Engine.mountsSecrets`.
  private static func refuseInBuild(_ spec: WorkloadSpec) throws {
    var faults: [Fault] = []
    func unsupported(_ pointer: String, _ message: String, _ hint: String) {
      faults.append(Fault(pointer: pointer, rule: "unsupported", message: message, hint: hint))
    }
    if !spec.volumes.isEmpty {
      unsupported("/volumes", "the engine's builder mounts no volumes", "Bring files in by the function's source.")
    }
    if spec.resources.disk != nil {
      unsupported("/resources/disk", "a build has no volume on /shared", "Leave it out.")
    }
    if spec.resources.limits.gpu != nil || spec.resources.requests.gpu != nil {
      unsupported("/resources", "the engine's builder has no GPUs", "Leave gpu out of a build.")
    }
    guard faults.isEmpty else {
      throw SidecarError(
        .unsupportedParameter,
        "A build on this machine can't honour " + faults.map(\.pointer).joined(separator: ", ") + ".",
        faults: faults
      )
    }
  }

  /// Docker Engine API v1.41, ImageBuild: bytes, and CPU time as a quota of a period, in microseconds.
  private static func resources(_ spec: WorkloadSpec, _ warnings: inout [Warning]) -> String {
    var query = ""
    if let memory = spec.resources.limits.memory {
      query += "&memory=\(memory.value)&memswap=\(memory.value)"
    }
    if let cpu = spec.resources.limits.cpu {
      query += "&cpuperiod=100000&cpuquota=\(max(1000, Int(cpu.milliValue) * 100))"
    }
    if let cpu = spec.resources.requests.cpu { query += "&cpushares=\(max(2, Int(cpu.milliValue) * 1024 / 1000))" }
    if spec.resources.requests.memory != nil {
      warnings.append(
        Warning(
          pointer: "/resources/requests/memory",
          code: "no_effect",
          message: "the engine's builder can't set memory aside; a limit is kept"
        )
      )
    }
    return query
  }
}
