internal import JSON
internal import JSONRPC
internal import ParameterSchema

extension Method {
  static let initialize = Method(
    MethodDeclaration(
      "initialize",
      summary: "Says who is there.",
      description: "Optional. Members that it does not know are ignored, so LSP clients can send theirs; when the "
        + "process named by `processId` ends, the sidecar leaves.",
      parameters: [],
      result: "The server, its version and the protocol's version."
    )
  ) { params, context in
    if let pid = params["processId"]?.integerValue { context.watchParent(pid) }
    return [
      "serverInfo": ["name": "dh-sidecar", "version": .string(SidecarVersion.current)],
      "protocol_version": .string(SidecarVersion.protocolVersion),
      "capabilities": ["framings": ["lines", "content-length"], "batches": true, "cancel": true, "progress": true],
    ]
  }
}
