import JSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension CoreState {
  /// `/schemas/{entity}[/{kind}]`: `{id, kind, runtime, schema}`, the schema from the folder where there is one.
  func schemas(_ request: DoubleRequest, rest: [String]) throws(CoreRefusal) -> DoubleResponse {
    guard request.method == "GET" else { throw .methodNotAllowed }
    guard let entity = rest.first, let kinds = kinds(of: entity), rest.count <= 2 else { throw .notFound }
    if rest.count == 2 {
      guard kinds.contains(rest[1]) else { throw .notFound }
      return .json(schema(entity: entity, kind: rest[1]))
    }
    if let runtime = request.query("runtime"), runtime != "container" {
      return Paging.page([], of: 0, try Paging(request))
    }
    return Paging.page(kinds.map { .object(schema(entity: entity, kind: $0)) }, of: kinds.count, try Paging(request))
  }

  private func kinds(of entity: String) -> [String]? {
    switch entity {
    case "function": ["container"]
    case "task": SpecShapes.actions.map { "container+\($0)" }
    case "run": options.level == 13 ? ["container+run"] : SpecShapes.actions.map { "container+\($0):run" }
    case "secret": ["secret"]
    case "project": ["project"]
    case "metadata": []
    default: nil
    }
  }

  private func schema(entity: String, kind: String) -> JSONObject {
    let minimal: JSONValue = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": [:],
    ]
    let line = [13: "0.13.x", 14: "0.14.x"][options.level] ?? "0.15-main"
    let file = options.schemas.flatMap { Self.read("\($0)/\(line)/\(entity)/\(kind).json") }
    var schema = file.flatMap { try? JSONValue(parsing: $0) } ?? minimal
    if entity == "run", var object = schema.objectValue {
      // KubernetesModule.java: the templates, and the empty one for none, as constants of `profile`.
      var properties = object["properties"]?.objectValue ?? [:]
      properties["profile"] = ["oneOf": .array(([""] + options.profiles).map { ["const": .string($0)] })]
      object["properties"] = .object(properties)
      schema = .object(object)
    }
    return [
      "id": .string("\(entity):\(kind)"), "kind": .string(kind), "runtime": "container", "schema": schema,
    ]
  }

  /// The whole file; nil where it can't be read.
  private static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      switch Glibc.read(file, &chunk, chunk.count) {
      case 0: return bytes
      case let count where count > 0: bytes += chunk[..<count]
      default: return nil
      }
    }
  }
}
