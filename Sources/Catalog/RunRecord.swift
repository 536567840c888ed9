internal import JSON
package import Model

/// A run as the catalog keeps it: the entity and what the platform needs beside it.
package struct RunRecord: Sendable, Hashable {
  /// `entity.status["state"]` always agrees with `state`.
  package var entity: Entity
  package var state: RunState
  /// Counts the changes of state and status; `transition` and `updateStatus` name the one that they have seen.
  package var seq: Int
  package var action: Action
  package var functionID: String
  package var functionName: String
  package var idempotencyKey: String?
  /// The id of the sidecar that drives the run; see `acquireLease`.
  package var leaseOwner: String?

  package var id: String { entity.id }
}

/// A run that is to be recorded.
package struct NewRun: Sendable {
  package var entity: Entity
  package var state: RunState
  package var action: Action
  package var functionID: String
  package var functionName: String
  /// Unique in the project.
  package var idempotencyKey: String?
  /// Of the call's parameters, to tell a repeated call from another one under the same key.
  package var fingerprint: String?

  package init(
    entity: Entity,
    state: RunState = .created,
    action: Action,
    functionID: String,
    functionName: String,
    idempotencyKey: String? = nil,
    fingerprint: String? = nil
  ) {
    self.entity = entity
    self.state = state
    self.action = action
    self.functionID = functionID
    self.functionName = functionName
    self.idempotencyKey = idempotencyKey
    self.fingerprint = fingerprint
  }
}

extension RunRecord {
  static let columns =
    EntityRow.columns
    + ", state, seq, action, function_id, function_name, idempotency_key, lease_owner"

  init(_ row: SQLRow, path: String) throws {
    var entity = try EntityRow.read(row, as: .run, path: path)
    let first = EntityRow.columnCount
    state = RunState(rawValue: row.text(first))
    entity.status["state"] = .string(state.rawValue)
    self.entity = entity
    seq = row.integer(first + 1)
    guard let action = Action(rawValue: row.text(first + 2)) else {
      throw CatalogError.unreadable("the action of run \(entity.id)", path: path)
    }
    self.action = action
    functionID = row.text(first + 3)
    functionName = row.text(first + 4)
    idempotencyKey = row.optionalText(first + 5)
    leaseOwner = row.optionalText(first + 6)
  }
}
