package import Model

extension Catalog {
  /// Sets or replaces a secret's value; the entity never has it. A secret that is replaced keeps its id and creation.
  /// Throws `project_not_found`.
  package func setSecret(_ secret: Entity, value: String) throws -> Entity {
    try write { database in
      try requireProject(secret.project, in: database)
      var secret = secret
      let condition = ("project = ? AND name = ?", [SQLValue.text(secret.project), .text(secret.name)])
      guard let old = try entities("secrets", type: .secret, condition, in: database).first else {
        try insert(secret, into: "secrets", [("value", .text(value))], in: database)
        return secret
      }
      secret.id = old.id
      secret.metadata.created = old.metadata.created
      try database.execute(
        """
        UPDATE secrets SET (\(EntityRow.columns), value) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?
        """,
        EntityRow.values(secret) + [.text(value), .text(old.id)]
      )
      return secret
    }
  }

  /// Without values.
  package func secrets(project: String, _ query: ListQuery = ListQuery()) throws -> Page<Entity> {
    try list("secrets", type: .secret, [("project = ?", [.text(project)])], query)
  }

  /// The values of those that are set, for the executor only.
  package func secretValues(project: String, names: [String]) throws -> [String: String] {
    try read { database in
      var values: [String: String] = [:]
      for name in names {
        values[name] = try database.query(
          "SELECT value FROM secrets WHERE project = ? AND name = ?",
          [.text(project), .text(name)]
        ) { $0.text(0) }.first
      }
      return values
    }
  }

  /// False where there is none.
  package func deleteSecret(project: String, name: String) throws -> Bool {
    try write {
      try $0.execute("DELETE FROM secrets WHERE project = ? AND name = ?", [.text(project), .text(name)]) > 0
    }
  }
}
