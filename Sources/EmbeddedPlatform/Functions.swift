internal import Catalog
package import JSON
package import Model
package import Platform

extension EmbeddedPlatform {
  package func createFunction(_ draft: FunctionDraft) async throws -> Entity {
    try await requireProject(draft.project)
    let function = entity(of: draft)
    try await catalog.insertFunction(function)
    return function
  }

  func entity(of draft: FunctionDraft) -> Entity {
    let id = draft.id ?? EntityID.generate()
    var function = entity(.function, kind: draft.kind, id: id, name: draft.name, project: draft.project)
    function.metadata.description = draft.description
    function.metadata.labels = draft.labels
    function.metadata.embedded = draft.embedded
    function.spec = draft.spec
    function.status = ["state": "CREATED"]
    return function
  }

  package func getFunction(_ reference: FunctionReference) async throws -> Entity {
    let project = reference.project
    let found: Entity? =
      switch reference.target {
      case .latest(let name): try await catalog.function(project: project, name: name)
      case .version(let id): try await catalog.function(project: project, id: id)
      case .idOrName(let id, let name):
        if let version = try await catalog.function(project: project, id: id) {
          version
        } else {
          try await catalog.function(project: project, name: name)
        }
      }
    if let found { return found }
    let error = SidecarError(
      .functionNotFound,
      "There is no function `\(reference.text)` in project `\(project)`.",
      hint: "Make it with createFunction, or see listFunctions."
    )
    throw try await missing(error, in: project)
  }

  package func listFunctions(_ query: EntityQuery, allVersions: Bool) async throws -> EntityPage {
    try await requireProject(query.project)
    let list = ListQuery(
      name: query.name,
      limit: query.limit,
      cursor: query.cursor,
      versions: allVersions ? .all : .latest
    )
    return EntityPage(try await catalog.functions(project: query.project, list))
  }

  package func updateFunction(_ reference: FunctionReference, patch: JSONObject) async throws -> Entity {
    let function = try await getFunction(reference)
    let changed = try await catalog.updateFunction(project: function.project, id: function.id) { function in
      if let description = patch["description"] { function.metadata.description = description.stringValue }
      if let labels = patch["labels"] {
        function.metadata.labels = (labels.arrayValue ?? []).compactMap(\.stringValue)
      }
      if let embedded = patch["embedded"] { function.metadata.embedded = embedded.boolValue ?? false }
      for (name, value) in patch["spec"]?.objectValue ?? [:] {
        // Not `? nil :`, which is JSON's null here.
        if value.isNull { function.spec[name] = nil } else { function.spec[name] = value }
      }
      let faults = WorkloadSpec.functionFaults(function.spec)
      guard faults.isEmpty else {
        throw SidecarError(.invalidParams, "The function would be left with faults.", faults: faults)
      }
      function.metadata.updated = Timestamp.now()
    }
    return changed ?? function
  }

  package func deleteFunction(
    _ reference: FunctionReference,
    allVersions: Bool,
    cascade: Bool
  ) async throws -> [Entity] {
    let function = try await getFunction(reference)
    var versions = [function]
    if case .latest = reference.target {
      versions = try await catalog.functionVersions(project: function.project, name: function.name)
      guard versions.count == 1 || allVersions else {
        throw SidecarError(
          .ambiguousName,
          "Function `\(function.name)` has \(versions.count) versions.",
          hint: "Name one by its id or key, or pass all_versions: true."
        )
      }
    }
    let (project, ids) = (function.project, versions.map(\.id))
    return try await withoutRuns(ids.map { ListQuery(function: $0) }, in: project, cascade: cascade) {
      try await catalog.deleteFunctions(project: project, ids: ids).functions
    }
  }

  package func getTask(project: String, id: String) async throws -> Entity {
    if let task = try await catalog.task(project: project, id: id) { return task }
    let error = SidecarError(
      .taskNotFound,
      "There is no task `\(id)` in project `\(project)`.",
      hint: "See listTasks."
    )
    throw try await missing(error, in: project)
  }

  package func listTasks(
    _ query: EntityQuery,
    function: FunctionReference?,
    action: Action?
  ) async throws -> EntityPage {
    try await requireProject(query.project)
    if let function { _ = try await getFunction(function) }
    var list = ListQuery(limit: query.limit, cursor: query.cursor)
    list.function = function?.text
    list.action = action
    return EntityPage(try await catalog.tasks(project: query.project, list))
  }
}

extension FunctionReference {
  /// As the caller wrote it.
  var text: String {
    switch target {
    case .latest(let name), .idOrName(_, let name): name
    case .version(let id): id
    }
  }
}
