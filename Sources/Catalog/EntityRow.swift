internal import JSON
internal import Model

/// How an entity lies in its table: the columns that all tables have, in this order.
enum EntityRow {
  static let columns = "id, project, name, kind, user, created, updated, metadata, spec, status"
  static let columnCount: Int32 = 10

  static func values(_ entity: Entity) -> [SQLValue] {
    let metadata = entity.metadata.json(project: entity.project, name: entity.name, version: nil)
    return [
      .text(entity.id), .text(entity.project), .text(entity.name), .text(entity.kind), SQLValue(entity.user),
      .integer(Int(entity.metadata.created.nanoseconds)), .integer(Int(entity.metadata.updated.nanoseconds)),
      .text(JSONValue.object(metadata).text()), .text(JSONValue.object(entity.spec).text()),
      .text(JSONValue.object(entity.status).text()),
    ]
  }

  /// Reads the common columns, which must be the first of the row.
  static func read(_ row: SQLRow, as type: EntityType, path: String) throws -> Entity {
    func object(_ column: Int32) throws -> JSONObject {
      let limits = JSONLimits(depth: JSONLimits.maximumDepth, bytes: .max)
      guard let value = try? JSONValue(parsing: row.text(column), limits: limits), let object = value.objectValue
      else { throw CatalogError.unreadable("a \(type.rawValue) \(row.text(0))", path: path) }
      return object
    }
    var metadata = Metadata(json: try object(7))
    metadata.created = Timestamp(nanoseconds: Int64(row.integer(5)))
    metadata.updated = Timestamp(nanoseconds: Int64(row.integer(6)))
    return Entity(
      type: type,
      kind: row.text(3),
      id: row.text(0),
      name: row.text(2),
      project: row.text(1),
      user: row.optionalText(4),
      metadata: metadata,
      spec: try object(8),
      status: try object(9)
    )
  }

  static func insert(_ entity: Entity, into table: String, _ more: [(column: String, value: SQLValue)] = [])
    -> (sql: String, values: [SQLValue])
  {
    let names = ([columns] + more.map(\.column)).joined(separator: ", ")
    let values = values(entity) + more.map(\.value)
    let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
    return ("INSERT INTO \(table) (\(names)) VALUES (\(marks))", values)
  }
}
