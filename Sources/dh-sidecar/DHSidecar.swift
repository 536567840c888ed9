import ArgumentParser
import Sidecar

/// The command line: argument parsing and wiring, no logic.
struct DHSidecar: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dh-sidecar",
    abstract: "Defines container functions and runs them, driven by JSON-RPC 2.0 over stdin and stdout.",
    version: SidecarVersion.current,
    subcommands: [Stdio.self, Schema.self, Call.self, Doctor.self],
    defaultSubcommand: Stdio.self
  )
}
