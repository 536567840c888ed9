import ArgumentParser
import Sidecar

/// The command line: argument parsing and wiring, no logic.
struct DHSidecar: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dh-sidecar",
    abstract: "Defines container functions and runs them, driven by JSON-RPC 2.0 over stdin and stdout.",
    discussion: """
      Without a subcommand it speaks JSON-RPC: so a program starts it. By hand, one call at a time:

        dh-sidecar call createFunction name=hello kind=container image=hello-world
        dh-sidecar call run function=hello action=job
        dh-sidecar call listRuns
        dh-sidecar apply hello.container.yaml

      ENVIRONMENT (the command line wins over it, and it over the settings file)
        DH_SIDECAR_CONFIG    the settings file
        DH_SIDECAR_PLATFORM  where runs go
        DH_SIDECAR_PROJECT   the project of calls that name none
        DH_SIDECAR_ENGINE    auto, podman or docker
        DH_SIDECAR_SOCKET    the engine's unix socket, and no other
        DH_SIDECAR_CATALOG   the file of functions and runs
        DOCKER_HOST, CONTAINER_HOST, XDG_CONFIG_HOME, XDG_STATE_HOME and
        XDG_RUNTIME_DIR      as elsewhere

      FILES
        ~/.config/dh-sidecar/config.yaml       the settings
        ~/.local/state/dh-sidecar/catalog.db   the catalog
      """,
    version: SidecarVersion.current,
    subcommands: [Stdio.self, Schema.self, Call.self, Apply.self, Doctor.self],
    defaultSubcommand: Stdio.self
  )
}
