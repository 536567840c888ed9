internal import Model

/// One entry of a build's `instructions`: exactly one instruction of a Dockerfile, and nothing that a Dockerfile's
/// parser could take for a second one.
///
/// A whole instruction begins with its keyword in capital letters (`RUN` in any case) and is kept byte for byte; any
/// other text is a shell command and becomes a RUN. So `env A=1 make` is a command, `ENV A=1` an instruction.
package struct Instruction: Sendable, Hashable {
  package let keyword: String
  /// As it stands in the Dockerfile, without a line break at the end.
  package let text: String
  /// Heredocs need a builder that knows them (BuildKit; Podman from 4.5): others take their lines for instructions.
  package let hasHeredoc: Bool

  /// Dockerfile reference: every instruction but FROM, which the base image is, and the deprecated MAINTAINER.
  static let keywords = [
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN", "SHELL",
    "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
  ]

  /// `secrets`: names that a shell command finds as variables, without a trace in the image. A whole RUN is kept as it
  /// is, and mounts those that it wants: `RUN --mount=type=secret,id=NAME …`.
  package init(_ given: String, secrets: [String] = []) throws(InstructionError) {
    for byte in given.utf8 where byte == 0 { throw InstructionError("has a NUL byte", "Remove it.") }
    let text = Self.trimmed(given)
    guard !text.isEmpty else { throw InstructionError("is empty", "Remove it, or give a command.") }
    guard text.first != "#" else {
      throw InstructionError(
        "is a comment: it does nothing, and directives (# syntax=, # escape=) are not taken",
        "Remove it."
      )
    }
    let word = text.prefix { !$0.isWhitespace }
    let arguments = text.dropFirst(word.count)
    if Self.keywords.contains(String(word)) || word.uppercased() == "RUN" {
      guard arguments.contains(where: { !$0.isWhitespace }) else {
        throw InstructionError("is \(word) without anything to do", "Say what, as in the Dockerfile reference.")
      }
      keyword = word.uppercased()
      self.text = text
    } else {
      try Self.checkCommand(word)
      keyword = "RUN"
      self.text = "RUN " + Self.mounts(secrets) + text
    }
    hasHeredoc = try InstructionLines(self.text, keyword: keyword).check()
  }

  /// Only names that a shell can have; the others are there as files alone.
  private static func mounts(_ secrets: [String]) -> String {
    let mounts = secrets.map { "--mount=type=secret,id=\($0) " }.joined()
    let exports = secrets.filter { !$0.contains(where: { $0 == "." || $0 == "-" }) }.map {
      "\($0)=\"$(cat /run/secrets/\($0))\"; export \($0); "
    }
    return mounts + exports.joined()
  }

  private static func checkCommand(_ word: Substring) throws(InstructionError) {
    if word == "FROM" {
      throw InstructionError(
        "is a FROM: a build has one base image",
        "Give it as base_image; for several stages give the whole Dockerfile as code with lang: dockerfile."
      )
    }
    if word == "MAINTAINER" {
      throw InstructionError("is a MAINTAINER, which is deprecated", "Write LABEL maintainer=\"…\".")
    }
    if word.hasPrefix("--") {
      throw InstructionError(
        "begins with \(word), which RUN would take for a flag of its own",
        "Write the whole instruction: RUN \(word) …"
      )
    }
    // A word in capitals that is nearly a keyword is a slip; other programs may have such names.
    let isCapitals = word.count > 1 && word.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    if isCapitals, let nearest = EditDistance.nearest(to: String(word), among: keywords) {
      throw InstructionError(
        "begins with \(word), which is no instruction",
        "Did you mean \(nearest)? To run a program of that name, write RUN \(word) …"
      )
    }
  }

  /// Without blank lines and blanks around it; a backslash at the end keeps what follows it out of reach.
  private static func trimmed(_ text: String) -> String {
    let blanks = " \t\r\n".unicodeScalars
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !blanks.contains($0) }),
      let last = scalars.lastIndex(where: { !blanks.contains($0) })
    else { return "" }
    return String(scalars[first...last])
  }
}

/// Why a text is not one instruction, to follow "instruction 3".
package struct InstructionError: Error, Sendable, Hashable {
  package let reason: String
  package let hint: String

  init(_ reason: String, _ hint: String) {
    self.reason = reason
    self.hint = hint
  }
}
