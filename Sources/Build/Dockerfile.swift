import FoundationEssentials
internal import JSON
package import Model

/// What a build's Dockerfile is: pure text, made of a base image, a source and instructions.
package struct Dockerfile: Sendable, Hashable {
  package var text: String
  /// See `Instruction.hasHeredoc`.
  package var hasHeredocs: Bool

  /// Where the source is, in the image and during the instructions, as on Core.
  package static let sourceDirectory = "/shared"

  /// `source` is the directory of the build context that holds the function's source; nil: there is none. `arguments`
  /// are the build arguments that the instructions find as variables, `secrets` those that commands find as variables and
  /// files while they run. Throws `invalid_params` with every fault at once
  /// (`/base_image`, `/instructions/3`).
  package init(
    baseImage: String,
    arguments: [String] = [],
    secrets: [String] = [],
    source: String?,
    instructions: [String]
  ) throws(SidecarError) {
    var faults: [Fault] = []
    var lines: [String] = []
    do {
      // The empty image has no registry.
      lines.append("FROM " + (baseImage == "scratch" ? baseImage : try ImageReference(baseImage).qualified))
    } catch {
      faults.append(Fault(pointer: "/base_image", rule: "image", message: "\(error)", hint: error.hint))
    }
    lines += arguments.map { "ARG " + $0 }
    if let source {
      lines.append("COPY \(Self.json([source + "/", Self.sourceDirectory + "/"]))")
      lines.append("WORKDIR \(Self.sourceDirectory)")
    }
    hasHeredocs = false
    for (index, given) in instructions.enumerated() {
      do {
        let instruction = try Instruction(given, secrets: secrets)
        lines.append(instruction.text)
        hasHeredocs = hasHeredocs || instruction.hasHeredoc
      } catch {
        faults.append(
          Fault(
            pointer: "/instructions/\(index)",
            rule: "instruction",
            message: "instruction \(index + 1) \(error.reason)",
            hint: error.hint
          )
        )
      }
    }
    guard faults.isEmpty else { throw Self.refusal(faults) }
    text = lines.joined(separator: "\n") + "\n"
  }

  /// The Dockerfile of a build: with `lang: dockerfile` the function's code as it is (`instructions` and `base_image`
  /// then have no place), else as above.
  package static func make(_ spec: WorkloadSpec, source: String?) throws(SidecarError) -> Dockerfile {
    guard spec.lang == "dockerfile" else {
      // The reference: base_image is required unless a full image is given.
      guard let baseImage = spec.baseImage ?? spec.image else {
        throw refusal([
          Fault(
            pointer: "/base_image",
            rule: "required",
            message: "A build needs `base_image`.",
            hint:
              "Give the image to start from, such as python:3.11-slim, or a Dockerfile as code with lang: dockerfile."
          )
        ])
      }
      return try Dockerfile(
        baseImage: baseImage,
        arguments: spec.envs.map(\.name),
        secrets: spec.secrets,
        source: source,
        instructions: spec.instructions
      )
    }
    guard spec.instructions.isEmpty else {
      throw refusal([
        Fault(
          pointer: "/instructions",
          rule: "conflict",
          message: "`instructions` can't be added to a whole Dockerfile (lang: dockerfile).",
          hint: "Write them into the Dockerfile, or leave lang out."
        )
      ])
    }
    return Dockerfile(text: try whole(spec), hasHeredocs: false)
  }

  private init(text: String, hasHeredocs: Bool) {
    self.text = text
    self.hasHeredocs = hasHeredocs
  }

  private static func whole(_ spec: WorkloadSpec) throws(SidecarError) -> String {
    if let code = spec.code { return code }
    guard let base64 = spec.base64 else {
      throw refusal([
        Fault(
          pointer: "/code",
          rule: "required",
          message: "`lang` is dockerfile, and there is no Dockerfile.",
          hint: "Give its text as code, or encoded as base64."
        )
      ])
    }
    guard let data = Data(base64Encoded: base64), let text = String(validating: data, as: UTF8.self) else {
      throw refusal([
        Fault(
          pointer: "/base64",
          rule: "base64",
          message: "`base64` is not the base64 form (RFC 4648, section 4) of a Dockerfile in UTF-8.",
          hint: "Encode the file with `base64 -w0`."
        )
      ])
    }
    return text
  }

  private static func refusal(_ faults: [Fault]) -> SidecarError {
    let count = faults.count == 1 ? "a fault" : "\(faults.count) faults"
    return SidecarError(.invalidParams, "the build has \(count)", hint: faults.first?.hint, faults: faults)
  }

  /// The JSON form takes any file name.
  private static func json(_ items: [String]) -> String {
    JSONValue.array(items.map { .string($0) }).text()
  }
}
