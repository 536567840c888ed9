internal import JSON
internal import Model

/// Core 0.13: the release that the reference describes.
struct Dialect13: Dialect {
  let level = 13
  let release = "Core 0.13"
  let resumes = true
  let filtersByAction = false
  let volumeKinds: Set<Volume.Kind> = [.persistentVolumeClaim, .emptyDir, .ephemeral]
  let takesPlacement = true
  let takesDockerfile = false

  /// One kind for all actions: the task's kind tells them apart.
  func runKind(of action: Action) -> String { "container+run" }

  /// `{cpu: {requests, limits}, mem: …, gpu: …}`.
  func resources(_ resources: Resources, into translation: inout Translation) {
    var json: JSONObject = [:]
    for (name, amount) in [
      ("cpu", \Resources.Amounts.cpu), ("mem", \Resources.Amounts.memory), ("gpu", \Resources.Amounts.gpu),
    ] {
      var both: JSONObject = [:]
      both["requests"] = resources.requests[keyPath: amount].map { .string(CoreQuantity.text($0, of: name)) }
      both["limits"] = resources.limits[keyPath: amount].map { .string(CoreQuantity.text($0, of: name)) }
      if !both.isEmpty { json[name] = .object(both) }
    }
    translation.refuseDisk(resources, release: release)
    if !json.isEmpty { translation.spec["resources"] = .object(json) }
  }

  /// Each becomes a RUN: the word itself must not be there.
  func instruction(_ instruction: BuildInstruction, into translation: inout Translation) -> String? {
    guard instruction.keyword == "RUN" else {
      translation.refuse(
        instruction.pointer,
        "\(release) makes a RUN of every instruction: \(instruction.keyword) can't be said there; Core 0.14 and later "
          + "take it.",
        hint: "Put it into the base image, or say the same with RUN."
      )
      return nil
    }
    return String(instruction.text.dropFirst("RUN".count).drop { $0.isWhitespace })
  }

  func furtherFindings(_ plan: RunPlan, into translation: inout Translation) {
    // Contract, section 4: the user's value is put into the group and overwritten, so the program would run as the
    // image's user, mostly root. That is nothing to be told of afterwards.
    if plan.action == .serve || plan.action == .deploy, plan.spec.runAsUser != nil {
      translation.refuse(
        "/run_as_user",
        "\(release) drops `run_as_user` of a \(plan.action.rawValue); Core 0.14 and later, and its jobs, honour it.",
        hint: "Leave it out and set the user in the image (USER), or upgrade the server."
      )
    }
    if plan.action == .build, plan.spec.baseImage == nil {
      translation.refuse(
        "/base_image",
        rule: "required",
        "\(release) builds nothing without `base_image`.",
        hint: "Give base_image here or in the function."
      )
    }
  }
}
