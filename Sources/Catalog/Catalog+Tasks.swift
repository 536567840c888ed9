package import Model

extension Catalog {
  /// The task of that function and action: the one that is there, else this one. Throws `function_not_found`.
  package func findOrInsertTask(
    _ task: Entity,
    functionID: String,
    action: Action
  ) throws -> (task: Entity, inserted: Bool) {
    if let found = try self.task(functionID: functionID, action: action) { return (found, false) }
    return try write { database in
      if let found = try self.task(functionID: functionID, action: action, in: database) { return (found, false) }
      guard try function(project: task.project, id: functionID, in: database) != nil else {
        throw SidecarError(
          .functionNotFound,
          "there is no function with the id \(functionID) in project \(task.project)",
          hint: "see listFunctions"
        )
      }
      let columns = [("function_id", SQLValue.text(functionID)), ("action", .text(action.rawValue))]
      try insert(task, into: "tasks", columns, in: database)
      return (task, true)
    }
  }

  package func task(project: String, id: String) throws -> Entity? {
    try read { database in
      let condition = ("project = ? AND id = ?", [SQLValue.text(project), .text(id)])
      return try entities("tasks", type: .task, condition, in: database).first
    }
  }

  package func task(functionID: String, action: Action) throws -> Entity? {
    try read { try task(functionID: functionID, action: action, in: $0) }
  }

  /// `query.function` is a function's name or id.
  package func tasks(project: String, _ query: ListQuery = ListQuery()) throws -> Page<Entity> {
    var conditions = [("project = ?", [SQLValue.text(project)])]
    if let function = query.function {
      conditions.append(
        (
          """
          function_id IN (SELECT id FROM functions WHERE functions.project = tasks.project \
          AND (functions.id = ? OR functions.name = ?))
          """, [.text(function), .text(function)]
        )
      )
    }
    if let action = query.action { conditions.append(("action = ?", [.text(action.rawValue)])) }
    return try list("tasks", type: .task, conditions, query)
  }

  private func task(functionID: String, action: Action, in database: Database) throws -> Entity? {
    let condition = ("function_id = ? AND action = ?", [SQLValue.text(functionID), .text(action.rawValue)])
    return try entities("tasks", type: .task, condition, in: database).first
  }
}
