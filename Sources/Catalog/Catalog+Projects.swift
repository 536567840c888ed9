package import Model

/// What went with a project or a function.
package struct Deletion: Sendable {
  package var projects: [Entity] = []
  package var functions: [Entity] = []
  package var tasks: [Entity] = []
  package var runs: [RunRecord] = []
  package var secretNames: [String] = []
}

extension Catalog {
  /// Throws `already_exists` for a name that is taken.
  package func insertProject(_ project: Entity) throws {
    try write { database in
      guard try self.project(named: project.name, in: database) == nil else {
        throw SidecarError(
          .alreadyExists,
          "there is a project \(project.name) already",
          hint: "use it, or choose another name"
        )
      }
      try insert(project, into: "projects", in: database)
    }
  }

  /// The project of that name: the one that is there, else this one.
  package func getOrInsertProject(_ project: Entity) throws -> (project: Entity, inserted: Bool) {
    if let found = try read({ try self.project(named: project.name, in: $0) }) { return (found, false) }
    return try write { database in
      if let found = try self.project(named: project.name, in: database) { return (found, false) }
      try insert(project, into: "projects", in: database)
      return (project, true)
    }
  }

  package func project(_ name: String) throws -> Entity? { try read { try project(named: name, in: $0) } }

  package func projects(_ query: ListQuery = ListQuery()) throws -> Page<Entity> {
    try list("projects", type: .project, [], query)
  }

  /// Nil where there is none. Without `cascade` a project that has functions, runs or secrets is `has_dependents`; with
  /// it one that has runs: those are the caller's to delete before, with all that was made for them.
  package func deleteProject(_ name: String, cascade: Bool) throws -> Deletion? {
    try write { database in
      guard let project = try self.project(named: name, in: database) else { return nil }
      let inProject: (String, [SQLValue]) = ("project = ?", [.text(name)])
      var deletion = Deletion(projects: [project])
      deletion.functions = try entities("functions", type: .function, inProject, in: database)
      deletion.tasks = try entities("tasks", type: .task, inProject, in: database)
      deletion.runs = try runs(inProject, in: database)
      deletion.secretNames = try entities("secrets", type: .secret, inProject, in: database).map(\.name)
      let isEmpty = deletion.functions.isEmpty && deletion.runs.isEmpty && deletion.secretNames.isEmpty
      guard cascade ? deletion.runs.isEmpty : isEmpty else {
        throw SidecarError(
          .hasDependents,
          """
          project \(name) has \(deletion.functions.count) functions (versions counted), \(deletion.runs.count) runs \
          and \(deletion.secretNames.count) secrets
          """,
          hint: cascade ? "delete its runs first" : "pass cascade: true to delete them too"
        )
      }
      try database.execute("DELETE FROM projects WHERE name = ?", [.text(name)])
      return deletion
    }
  }

  // MARK: Shared

  func insert(
    _ entity: Entity,
    into table: String,
    _ more: [(column: String, value: SQLValue)] = [],
    in database: Database
  ) throws {
    let taken = try database.integer("SELECT count(*) FROM \(table) WHERE id = ?", [.text(entity.id)])
    guard taken == 0 else {
      throw SidecarError(
        .alreadyExists,
        "the uuid \(entity.id) is taken by another \(entity.type.rawValue)",
        hint: "leave uuid out, or give a new one"
      )
    }
    let statement = EntityRow.insert(entity, into: table, more)
    try database.execute(statement.sql, statement.values)
  }

  func requireProject(_ name: String, in database: Database) throws {
    guard try project(named: name, in: database) == nil else { return }
    throw SidecarError(
      .projectNotFound,
      "there is no project \(name)",
      hint: "make it with getOrCreateProject, or see listProjects"
    )
  }

  func project(named name: String, in database: Database) throws -> Entity? {
    try entities("projects", type: .project, ("name = ?", [.text(name)]), in: database).first
  }

  func entities(
    _ table: String,
    type: EntityType,
    _ condition: (sql: String, values: [SQLValue]),
    in database: Database
  ) throws -> [Entity] {
    try database.query(
      "SELECT \(EntityRow.columns) FROM \(table) WHERE \(condition.sql) ORDER BY position",
      condition.values
    ) { try EntityRow.read($0, as: type, path: path) }
  }

  func list(
    _ table: String,
    type: EntityType,
    _ conditions: [(sql: String, values: [SQLValue])],
    _ query: ListQuery
  ) throws -> Page<Entity> {
    let statement = ListStatement(
      table: table,
      columns: EntityRow.columns,
      columnCount: EntityRow.columnCount,
      conditions: conditions,
      query: query
    )
    return try read { database in
      try statement.run(in: database) { try EntityRow.read($0, as: type, path: path) }
    }
  }
}
