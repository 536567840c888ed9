import ArgumentParser
import FoundationEssentials
import JSONRPC
import Sidecar

/// What the bare command does: speaks JSON-RPC until stdin closes.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Speak JSON-RPC 2.0 on stdin and stdout, one message per line or with Content-Length headers (default)."
  )

  func run() throws {
    let output = StandardStreams.takeOver() ?? 1
    let composition = Composition()
    let connection = Connection(
      handler: composition.registry,
      output: output,
      warn: { StandardError.write("dh-sidecar: \($0)") }
    )
    let code = connection.run(reading: 0)
    composition.close(drainSeconds: 2)
    throw ExitCode(code)
  }
}
