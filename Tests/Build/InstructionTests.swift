import Testing

@testable import Build

@Suite struct InstructionTests {
  @Test(
    arguments: [
      ("apt-get install -y git", "RUN apt-get install -y git"), ("apt install git -y", "RUN apt install git -y"),
      ("RUN apt-get update", "RUN apt-get update"), ("run make", "run make"), ("  ls  \n\n", "RUN ls"),
      ("ENV A=1", "ENV A=1"), ("env A=1 make", "RUN env A=1 make"), ("user x", "RUN user x"),
      ("A=1 make", "RUN A=1 make"),
      ("[ -f x ] && y", "RUN [ -f x ] && y"), ("RUN [\"a\", \"b\"]", "RUN [\"a\", \"b\"]"),
      ("R --help", "RUN R --help"),
      ("RUN --mount=type=cache,target=/x make", "RUN --mount=type=cache,target=/x make"), ("X11 -x", "RUN X11 -x"),
      ("echo 'a  b' \"c\\\"\" # no comment", "RUN echo 'a  b' \"c\\\"\" # no comment"),
      ("CONVERTER x", "RUN CONVERTER x"),
      ("a && \\\n  b", "RUN a && \\\n  b"),
      ("a \\  \n# comment\n\n  # another \\\n b", "RUN a \\  \n# comment\n\n  # another \\\n b"),
      ("a \\\r\n b", "RUN a \\\r\n b"), ("COPY a b", "COPY a b"), ("HEALTHCHECK NONE", "HEALTHCHECK NONE"),
      ("ONBUILD RUN a", "ONBUILD RUN a"), ("CMD [\"a\"]", "CMD [\"a\"]"),
      ("LABEL a=\"b \\\n c\"", "LABEL a=\"b \\\n c\""),
      ("echo é \u{1F600}", "RUN echo é \u{1F600}"), ("echo $((1 << 3))", "RUN echo $((1 << 3))"),
      ("cat <<< x", "RUN cat <<< x"),
      ("echo '<<EOF'", "RUN echo '<<EOF'"), ("ENV A=<<EOF", "ENV A=<<EOF"), ("echo a\\b", "RUN echo a\\b"),
    ]
  )
  func oneInstruction(given: String, text: String) throws {
    let instruction = try Instruction(given)
    #expect(instruction.text == text)
    #expect(!instruction.hasHeredoc)
  }

  @Test(
    arguments: [
      ("make", "--mount=type=secret,id=A --mount=type=secret,id=b.c A=\"$(cat /run/secrets/A)\"; export A; make"),
      // Whole instructions say themselves what they mount.
      ("RUN make", "make"), ("RUN --mount=type=secret,id=A make", "--mount=type=secret,id=A make"),
    ]
  )
  func secretsOfACommand(given: String, text: String) throws {
    #expect(try Instruction(given, secrets: ["A", "b.c"]).text == "RUN " + text)
    #expect(try Instruction("ENV A=1", secrets: ["A"]).text == "ENV A=1")
    #expect(throws: InstructionError.self) { try Instruction("a\nUSER root", secrets: ["A"]) }
  }

  @Test(
    arguments: [
      "RUN <<EOF\na\nFROM x\nEOF", "cat <<EOF > /x\nhello\n# not a comment\nEOF\n", "COPY <<'E' /x\n$A\nE",
      "RUN <<-EOF\n\ta\n\t\tEOF", "COPY <<a <<b /d/\n1\na\n2\nb", "RUN a \\\n <<EOF\nb\nEOF", "RUN 3<<EOF\nx\nEOF",
      "ONBUILD RUN <<EOF\nx\nEOF", "RUN <<\"E F\"\nx\nE F", "RUN <<EOF\r\na\r\nEOF\r\n", "RUN <<EOF\na \\\nEOF",
      "RUN --network=none <<EOF\na\nEOF",
    ]
  )
  func heredocs(given: String) throws {
    let instruction = try Instruction(given)
    #expect(instruction.hasHeredoc)
    #expect(instruction.text.hasSuffix(given.trimmingNewlines))
  }

  @Test(
    arguments: [
      ("", "empty"), (" \n\t", "empty"), ("a\u{0}b", "NUL"), ("a\nFROM evil", "line break"), ("a\nb", "line 2"),
      ("a\r\nUSER root", "line break"), ("a\rUSER root", "carriage return"), ("a && \\\nb\nc", "line 3"),
      ("a \\", "continuation"), ("a \\ \t", "continuation"), ("a \\\n", "continuation"), ("a \\\n# c", "continuation"),
      ("a \\\n\n", "continuation"), ("a \\\n# c \\", "continuation"), ("a \\\\", "2 backslashes"),
      ("a \\\\\nb", "backslashes"),
      ("# syntax=evil/frontend", "directives"), ("#escape=`", "directives"), ("# c\nRUN a", "comment"),
      ("FROM alpine", "base image"), ("MAINTAINER me", "deprecated"), ("RUN", "without"), ("COPY ", "without"),
      ("--mount=type=secret a", "flag"), ("RUNN a", "RUNN"), ("WORKDIRR /x", "WORKDIRR"), ("ENTRYPONT a", "ENTRYPONT"),
      ("RUN <<EOF\na", "\"EOF\""), ("RUN <<EOF\na\n EOF", "\"EOF\""), ("RUN <<EOF\na\nEOF\nUSER root", "line 4"),
      ("ENV A=<<EOF\nUSER root\nEOF", "line 2"), ("RUN << EOF\na\nEOF", "line 2"),
      ("RUN '<<EOF'\nUSER x\nEOF", "line 2"),
      ("RUN [\"a\", \"<<EOF\"]\nUSER x\nEOF", "line 2"), ("RUN <<<EOF\na\nEOF", "line 2"), ("a\u{0B}\n", nil),
      ("a\u{2028}USER root", nil),
    ] as [(String, String?)]
  )
  func notOneInstruction(given: String, reason: String?) throws {
    guard let reason else {
      // Line breaks to Unicode, but not to a Dockerfile's parser: they stay inside the command.
      #expect(try Instruction(given).text.hasPrefix("RUN a"))
      return
    }
    let error = #expect(throws: InstructionError.self) { _ = try Instruction(given) }
    #expect(error?.reason.contains(reason) == true, "\(error as Any)")
    #expect(error?.hint.isEmpty == false)
  }
}

extension String {
  fileprivate var trimmingNewlines: String {
    var scalars = unicodeScalars[...]
    while let last = scalars.last, last == "\n" || last == "\r" { scalars = scalars.dropLast() }
    return String(scalars)
  }
}
