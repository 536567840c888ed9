package import Model

extension Catalog {
  /// A new version where the name is taken. Throws `project_not_found`, and `already_exists` for an id that is taken.
  package func insertFunction(_ function: Entity) throws {
    try write { database in
      try requireProject(function.project, in: database)
      try insert(function, into: "functions", in: database)
    }
  }

  /// The latest version of that name: the one that was created last.
  package func function(project: String, name: String) throws -> Entity? {
    try functionVersions(project: project, name: name).last
  }

  package func function(project: String, id: String) throws -> Entity? {
    try read { try function(project: project, id: id, in: $0) }
  }

  /// In the order in which they were created; empty where there is none of that name.
  package func functionVersions(project: String, name: String) throws -> [Entity] {
    try read { database in
      let condition = ("project = ? AND name = ?", [SQLValue.text(project), .text(name)])
      return try entities("functions", type: .function, condition, in: database)
    }
  }

  package func functions(project: String, _ query: ListQuery = ListQuery()) throws -> Page<Entity> {
    var conditions = [("project = ?", [SQLValue.text(project)])]
    if query.versions == .latest {
      conditions.append(
        (
          """
          NOT EXISTS (SELECT 1 FROM functions AS newer WHERE newer.project = functions.project \
          AND newer.name = functions.name AND newer.position > functions.position)
          """, []
        )
      )
    }
    return try list("functions", type: .function, conditions, query)
  }

  /// Changes one version in place, as one step whoever else changes it: `change` gets the present one. Id, name,
  /// project and kind stay what they are. Nil where there is none.
  package func updateFunction(
    project: String,
    id: String,
    _ change: @Sendable (inout Entity) throws -> Void
  ) throws -> Entity? {
    try write { database in
      guard let old = try function(project: project, id: id, in: database) else { return nil }
      var function = old
      try change(&function)
      function.type = old.type
      function.id = old.id
      function.name = old.name
      function.project = old.project
      function.kind = old.kind
      function.metadata.created = old.metadata.created
      try database.execute(
        """
        UPDATE functions SET (\(EntityRow.columns)) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?
        """,
        EntityRow.values(function) + [.text(id)]
      )
      return function
    }
  }

  /// Deletes these versions and their tasks. Versions that have runs are `has_dependents`: those are the caller's to
  /// delete before, with all that was made for them. Ids that are not there are passed over.
  package func deleteFunctions(project: String, ids: [String]) throws -> Deletion {
    try write { database in
      var deletion = Deletion()
      for id in ids {
        guard let function = try function(project: project, id: id, in: database) else { continue }
        deletion.functions.append(function)
        let ofFunction = ("function_id = ?", [SQLValue.text(id)])
        deletion.tasks += try entities("tasks", type: .task, ofFunction, in: database)
        deletion.runs += try runs(ofFunction, in: database)
      }
      guard deletion.runs.isEmpty else {
        throw SidecarError(
          .hasDependents,
          "function \(deletion.functions.first?.name ?? "") has \(deletion.runs.count) runs",
          hint: "pass cascade: true to delete them too"
        )
      }
      for function in deletion.functions {
        try database.execute("DELETE FROM functions WHERE id = ?", [.text(function.id)])
      }
      return deletion
    }
  }

  func function(project: String, id: String, in database: Database) throws -> Entity? {
    let condition = ("project = ? AND id = ?", [SQLValue.text(project), .text(id)])
    return try entities("functions", type: .function, condition, in: database).first
  }
}
