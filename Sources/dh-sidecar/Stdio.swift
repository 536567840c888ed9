import ArgumentParser
import FoundationEssentials
import JSONRPC
import Sidecar

#if canImport(Glibc)
  import Glibc
#endif

/// What the bare command does: speaks JSON-RPC until stdin closes.
struct Stdio: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Speak JSON-RPC 2.0 on stdin and stdout, one message per line or with Content-Length headers (default).",
    discussion: """
      The first byte decides the framing, and replies come in kind. stdout carries the protocol only; what is said to a \
      person goes to stderr. It leaves when stdin closes, when nobody reads its answers, when the process that \
      `initialize` names is gone, or at `exit`; runs go on, and the next one finds them.

      EXIT CODES
        0   stdin was closed, or `exit` came after `shutdown`
        1   `exit` came without `shutdown`, or the settings have a fault, which is on stderr
        64  the command line is wrong
      """
  )

  @OptionGroup var options: CompositionOptions

  func run() throws { throw ExitCode(Self.speak(try options.composition())) }

  /// The process's exit code, once there is nothing more to answer.
  static func speak(_ composition: Composition) -> Int32 {
    guard isatty(0) == 0 else {
      // Nobody types JSON-RPC by hand: rather than wait in silence, say what this is.
      print(Self.explanation)
      return 0
    }
    let output = StandardStreams.takeOver() ?? 1
    let connection = Connection(
      handler: composition.registry,
      output: output,
      executor: composition.executor,
      warn: { Descriptor.write("dh-sidecar: \($0)\n", to: 2) }
    )
    let code = connection.run(reading: 0)
    composition.close(drainSeconds: 2)
    return code
  }

  private static let explanation = """
    dh-sidecar \(SidecarVersion.current) speaks JSON-RPC 2.0 on stdin and stdout: a program starts it, not a person.
    By hand, one call at a time:

        dh-sidecar call createFunction name=hello kind=container image=hello-world
        dh-sidecar call run function=hello action=job
        dh-sidecar call listRuns

    dh-sidecar doctor says what was found on this machine, dh-sidecar --help what else there is.
    """
}
