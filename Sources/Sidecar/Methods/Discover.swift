internal import JSON
internal import ParameterSchema

extension Method {
  static let discover = Method(
    MethodDeclaration(
      "rpc.discover",
      summary: "The OpenRPC document of this server.",
      parameters: [],
      result: "An OpenRPC 1.3 document."
    )
  ) { _ in
    .object(OpenRPC.document(methods: MethodRegistry.declarations, version: SidecarVersion.current))
  }
}
