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
    return initializeResults[call.platformKind] ?? .null
  }

  /// Made once: clients measure a server by this answer.
  private static let initializeResults = Dictionary(
    uniqueKeysWithValues: PlatformKind.allCases.map { ($0, initializeResult($0)) }
  )

  private static func initializeResult(_ platform: PlatformKind) -> JSONValue {
    [
      "serverInfo": ["name": "dh-sidecar", "version": .string(SidecarVersion.current)],
      "protocol_version": .string(SidecarVersion.protocolVersion),
      "platform": .string(platform.rawValue),
      "capabilities": ["framings": ["lines", "content-length"], "batches": true, "cancel": true, "progress": true],
    ]
  }
}
