internal import JSON
internal import JSONRPC
internal import Model
internal import ParameterSchema

extension Method {
  static let initialize = Method(
    MethodDeclaration(
      "initialize",
      summary: "Says who is there.",
      description: "Optional. Members that it does not know are ignored, so LSP clients can send theirs; when the "
        + "process named by `processId` ends, the sidecar leaves.",
      parameters: [],
      result: "{serverInfo{name, version}, protocol_version, platform, capabilities}"
    )
  ) { call in
    if let pid = call.params["processId"]?.integerValue { call.context.watchParent(pid) }
    return switch call.platformKind {
    case .local: initializedLocal
    case .kubernetes: initializedKubernetes
    case .core: initializedCore
    }
  }

  // Made once, and only the one that is wanted: clients measure a server by this answer.
  private static let initializedLocal = initializeResult(.local)
  private static let initializedKubernetes = initializeResult(.kubernetes)
  private static let initializedCore = initializeResult(.core)

  private static func initializeResult(_ platform: PlatformKind) -> JSONValue {
    [
      "serverInfo": ["name": "dh-sidecar", "version": .string(SidecarVersion.current)],
      "protocol_version": .string(SidecarVersion.protocolVersion),
      "platform": .string(platform.rawValue),
      "capabilities": ["framings": ["lines", "content-length"], "batches": true, "cancel": true, "progress": true],
    ]
  }
}
