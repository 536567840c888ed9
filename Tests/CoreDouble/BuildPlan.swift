import JSON

/// What a build makes: the Dockerfile, and the name under which the image is pushed (contract, section 4).
struct BuildPlan: Sendable {
  let image: String
  let dockerfile: String

  /// Throws what Core throws while it makes the runnable; it becomes the run's message.
  init(spec: JSONObject, run: Entity, function: Entity, level: Int, registry: String) throws(RunBreakage) {
    var lines: [String] = []
    let base = spec["base_image"]?.stringValue ?? ""
    let source = spec["source"]
    if level > 13, source?["lang"]?.stringValue == "dockerfile", let text = source?["base64"]?.stringValue,
      !text.isEmpty
    {
      guard let bytes = Base64.decoded(text) else { throw RunBreakage("Illegal base64 character") }
      lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        .filter { !$0.allSatisfy(\.isWhitespace) && $0.first { !$0.isWhitespace } != "#" }
    } else {
      if base.isEmpty, level == 13 { throw RunBreakage("invalid or missing baseImage") }
      if !base.isEmpty { lines.append("FROM \(base)") }
      lines += ["COPY .   /shared", "WORKDIR /shared"]
    }
    for instruction in spec["instructions"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
      if level == 13 {
        lines.append("RUN \(instruction)")
      } else if let line = try Self.read(instruction) {
        lines.append(line)
      }
    }
    guard lines.first?.uppercased().hasPrefix("FROM") == true else {
      throw RunBreakage("instructions must start with FROM")
    }
    dockerfile = lines.joined(separator: "\n") + "\n"
    image = "\(registry)/dhcore-\(Self.name(spec: spec, run: run, function: function)):\(run.id.prefix(5))"
  }

  /// A user's tag is cut off, and a registry's port with it: `localhost:5000/x:1` becomes `localhost`.
  private static func name(spec: JSONObject, run: Entity, function: Entity) -> String {
    let given = (spec["image"]?.stringValue ?? "").split(separator: ":", omittingEmptySubsequences: false).first ?? ""
    return given.count > 3 ? String(given) : sanitized(run.project) + "-" + sanitized(function.name)
  }

  private static func sanitized(_ name: String) -> String {
    name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }

  private static let known = [
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL", "USER",
    "VOLUME", "WORKDIR",
  ]
  private static let dropped = ["LABEL", "SHELL", "VOLUME"]

  /// Words are split and joined with single spaces. Nil for a directive that the list of the allowed does not have.
  private static func read(_ instruction: String) throws(RunBreakage) -> String? {
    let words = instruction.split { $0.isWhitespace }
    guard let first = words.first, !first.hasPrefix("#") else {
      throw RunBreakage("Cannot invoke \"DockerfileInstruction.getInstruction()\" because \"instruction\" is null")
    }
    let directive = first.uppercased()
    guard known.contains(directive) else {
      throw RunBreakage(
        "No enum constant it.smartcommunitylabdhub.framework.kaniko.infrastructure.docker.DockerfileInstruction.Kind."
          + directive
      )
    }
    return dropped.contains(directive) ? nil : ([Substring(directive)] + words.dropFirst()).joined(separator: " ")
  }
}

/// Why Core could not make a runnable of a run: never a 4xx, always the run's message.
struct RunBreakage: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
