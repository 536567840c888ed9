import JSON

extension CoreState {
  /// `/-/{project}/secrets…`: the entities, and under `data` their values, which only the cluster's vault keeps.
  mutating func secrets(_ request: DoubleRequest, project: String, rest: [String], user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    switch (request.method, rest.count) {
    case (_, 1) where rest[0] == "data": return try secretData(request, project: project, user: user)
    case ("GET", 0):
      let filter = try Filter(request, level: options.level)
      return try Paging(request, defaultSort: "name,ASC").page(of: secrets.all(of: project).filter(filter.takes)) {
        plainJSON($0)
      }
    case ("POST", 0):
      let body = try request.object()
      guard projects[project] != nil else { throw .badRequest("invalid or missing project") }
      let secret = try draft(.secret, body, project: project, user: user, kinds: ["secret"])
      secrets[secret.id] = secret
      return .json(plainJSON(secret))
    case ("GET", 1): return .json(plainJSON(try find(rest[0], .secret, project: project)))
    case ("PUT", 1):
      return .json(
        plainJSON(try update(find(rest[0], .secret, project: project), with: request.object(), type: .secret))
      )
    case ("DELETE", 1):
      let secret = try find(rest[0], .secret, project: project)
      secrets[secret.id] = nil
      secretData[project]?[secret.name] = nil
      return .empty
    default: throw .notFound
    }
  }

  /// Values that are put under a new name make its entity too.
  private mutating func secretData(_ request: DoubleRequest, project: String, user: String) throws(CoreRefusal)
    -> DoubleResponse
  {
    guard projects[project] != nil else { throw .noSuch(.project) }
    switch request.method {
    case "GET":
      let keys = request.query.filter { $0.name == "keys" }.flatMap { $0.value.split(separator: ",").map(String.init) }
      let values = (secretData[project] ?? [:]).filter { keys.contains($0.key) }
      return .json(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    case "PUT":
      for (name, value) in try request.object() {
        guard let text = value.stringValue else { throw .badRequest("JSON parse error: \(name) must be a text") }
        try Rules.checkSlug(name, "name")
        secretData[project, default: [:]][name] = text
        guard !secrets.all(of: project).contains(where: { $0.name == name }) else { continue }
        let body: JSONObject = [
          "kind": "secret", "name": .string(name),
          "spec": ["path": .string("secret://\(name)"), "provider": "kubernetes"],
        ]
        let secret = try draft(.secret, body, project: project, user: user, kinds: ["secret"])
        secrets[secret.id] = secret
      }
      return .empty
    default: throw .methodNotAllowed
    }
  }
}
