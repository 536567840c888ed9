import Foundation
import JSON
import Model

@testable import Catalog

/// A directory of its own that goes with the value.
final class Directory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/catalog-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var catalog: String { path + "/state/catalog.db" }
}

enum Make {
  static func project(_ name: String) -> Entity {
    entity(.project, kind: "project", id: name, name: name, project: name)
  }

  static func function(_ name: String, project: String = "p", id: String = EntityID.generate()) -> Entity {
    entity(.function, kind: "container", id: id, name: name, project: project)
  }

  static func task(_ action: Action, project: String = "p") -> Entity {
    let id = EntityID.generate()
    return entity(.task, kind: action.taskKind, id: id, name: id, project: project)
  }

  static func secret(_ name: String, project: String = "p") -> Entity {
    entity(.secret, kind: "secret", id: EntityID.generate(), name: name, project: project)
  }

  static func run(
    _ id: String = EntityID.generate(),
    project: String = "p",
    function: String = "f",
    action: Action = .job,
    state: RunState = .created,
    created: Int64? = nil,
    user: String? = nil,
    key: String? = nil,
    fingerprint: String? = nil
  ) -> NewRun {
    var run = entity(.run, kind: action.runKind, id: id, name: id, project: project)
    if let created { run.metadata.created = Timestamp(nanoseconds: created) }
    run.user = user
    return NewRun(
      entity: run,
      state: state,
      action: action,
      functionID: "id of \(function)",
      functionName: function,
      idempotencyKey: key,
      fingerprint: fingerprint
    )
  }

  private static func entity(_ type: EntityType, kind: String, id: String, name: String, project: String) -> Entity {
    let now = Timestamp.now()
    return Entity(
      type: type,
      kind: kind,
      id: id,
      name: name,
      project: project,
      user: "me",
      metadata: Metadata(description: "d\u{0}é", labels: ["a", "b"], created: now, updated: now, other: ["x": 1]),
      spec: ["image": "busybox", "nested": ["list": [1, nil, "\u{1F600}"]]],
      status: [:]
    )
  }
}

extension Catalog {
  static func make(_ directory: Directory, project: String = "p") async throws -> Catalog {
    let catalog = Catalog(path: directory.catalog)
    _ = try await catalog.getOrInsertProject(Make.project(project))
    return catalog
  }
}

/// The code of the error that is thrown; nil where none is.
func code(_ body: () async throws -> Void) async -> ErrorCode? {
  do {
    try await body()
    return nil
  } catch let error as SidecarError {
    return error.code
  } catch {
    return ErrorCode.invalidParams
  }
}

func mode(_ path: String) throws -> Int {
  guard let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int else {
    throw Missing()
  }
  return mode
}

struct Missing: Error {}
