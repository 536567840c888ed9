internal import JSON
package import Model
package import Platform

extension CorePlatform {
  package func getTask(project: String, id: String) async throws -> Entity {
    let missing = SidecarError(
      .taskNotFound,
      "There is no task `\(id)` in project `\(project)`.",
      hint: "See listTasks."
    )
    return try await client.read(project, "tasks", id, "task \(id)", missing: missing).entity(.task)
  }

  package func listTasks(
    _ query: EntityQuery,
    function: FunctionReference?,
    action: Action?
  ) async throws -> EntityPage {
    var request = CoreRequest.context("GET", query.project, "tasks").asking("kind", action?.taskKind)
      .asking("name", query.name)
    if let function { request = request.asking("function", Self.reference(try await self.function(function))) }
    return try await list(request, query, as: .task)
  }

  /// What the task of a function and an action is, where it is there already: one look-up, and none for a function that
  /// this process has just made.
  func knownTask(of function: CoreEntity, _ action: Action) async throws -> String? {
    if let known = memory.task(of: function, action) { return known }
    if memory.function(function.project, function.id)?.isNew == true { return nil }
    let request = CoreRequest.context("GET", function.project, "tasks").asking("kind", action.taskKind)
      .asking("function", Self.reference(function))
    let page = try await client.page(request, number: 0, size: 25, "the tasks of \(function.name)")
    guard let task = page.content.first(where: { $0.kind == action.taskKind }) else { return nil }
    memory.rememberTask(task.id, of: function, action)
    return task.id
  }

  /// Bare, as the official client makes it: every parameter goes into the run. Its id follows from the function and the
  /// action, so that two sidecars that make it at once make one.
  static func newTask(of function: CoreEntity, _ action: Action) -> CoreEntity {
    let id = EntityID.forIdempotencyKey("task \(function.id) \(action.rawValue)", project: function.project)
    return CoreEntity(
      type: .task,
      kind: action.taskKind,
      id: id,
      name: id,
      project: function.project,
      spec: ["function": .string(reference(function))]
    )
  }

  /// As specs refer to it: `container://P/NAME:ID`.
  static func reference(_ function: CoreEntity) -> String {
    "\(function.kind)://\(function.project)/\(function.name):\(function.id)"
  }

  static func reference(task id: String, _ action: Action, project: String) -> String {
    "\(action.taskKind)://\(project)/\(id)"
  }
}
