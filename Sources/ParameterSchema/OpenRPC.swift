package import JSON
internal import Model

/// The OpenRPC 1.3 document that `rpc.discover` answers.
package enum OpenRPC {
  package static func document(methods: [MethodDeclaration], version: String) -> JSONObject {
    [
      "openrpc": "1.3.2",
      "info": [
        "title": "dh-sidecar", "version": .string(version),
        "description": "Runs container functions on this machine, on Kubernetes and on DigitalHub Core.",
        "license": ["name": "Apache-2.0"],
      ],
      "methods": .array(methods.map { .object(method($0)) }),
    ]
  }

  private static func method(_ declaration: MethodDeclaration) -> JSONObject {
    let schema = JSONSchema()
    let result: JSONObject = [
      "name": "result", "description": .string(declaration.resultDescription),
      "schema": .object(declaration.resultSchema),
    ]
    var method: JSONObject = [
      "name": .string(declaration.name), "summary": .string(declaration.summary),
      "description": .string(declaration.description), "paramStructure": "by-name",
      "params": .array(
        declaration.parameters.map { parameter in
          let rendered = schema.object([parameter])["properties"]?[parameter.name] ?? [:]
          return [
            "name": .string(parameter.name), "description": .string(parameter.description),
            "required": .bool(parameter.required), "schema": rendered,
          ]
        }
      ),
      "result": .object(result),
      "errors": .array(
        declaration.errors.map { ["code": .integer($0.number), "message": .string($0.description)] }
      ),
      "x-params-schema": .object(schema.params(of: declaration)),
    ]
    if !declaration.notifications.isEmpty {
      // OpenRPC has no word for what a server sends by itself.
      method["x-notifications"] = .array(
        declaration.notifications.map {
          ["name": .string($0.name), "summary": .string($0.summary), "params": .object($0.params)]
        }
      )
    }
    return method
  }
}
