package import Model

/// What a list is to have. A member that is nil filters nothing.
package struct ListQuery: Sendable, Hashable {
  package enum SortField: String, Sendable, CaseIterable { case created, updated, name }
  package enum Versions: String, Sendable, CaseIterable { case latest, all }

  package var name: String?
  package var kind: String?
  package var user: String?
  /// Strictly after, strictly before.
  package var createdAfter: Timestamp?
  package var createdBefore: Timestamp?
  package var sort: SortField
  package var descending: Bool
  /// 1…1000.
  package var limit: Int
  /// What a former page's `nextCursor` gave; valid for the same filters and order.
  package var cursor: String?

  /// A function's name or id (of tasks: its id). Runs and tasks only.
  package var function: String?
  /// Runs and tasks only.
  package var action: Action?
  /// Any of these; empty filters nothing. Runs only.
  package var states: [RunState]
  /// Functions only.
  package var versions: Versions

  package init(
    name: String? = nil,
    kind: String? = nil,
    user: String? = nil,
    createdAfter: Timestamp? = nil,
    createdBefore: Timestamp? = nil,
    sort: SortField = .created,
    descending: Bool = true,
    limit: Int = 25,
    cursor: String? = nil,
    function: String? = nil,
    action: Action? = nil,
    states: [RunState] = [],
    versions: Versions = .latest
  ) {
    self.name = name
    self.kind = kind
    self.user = user
    self.createdAfter = createdAfter
    self.createdBefore = createdBefore
    self.sort = sort
    self.descending = descending
    self.limit = limit
    self.cursor = cursor
    self.function = function
    self.action = action
    self.states = states
    self.versions = versions
  }
}

/// A part of a list.
package struct Page<Item: Sendable>: Sendable {
  package var items: [Item]
  /// How many there are on all pages together, now.
  package var total: Int
  /// Nil at the end.
  package var nextCursor: String?

  package init(items: [Item], total: Int, nextCursor: String?) {
    self.items = items
    self.total = total
    self.nextCursor = nextCursor
  }
}

extension Page: Equatable where Item: Equatable {}

/// A `ListQuery` as SQL.
struct ListStatement {
  var table: String
  var columns: String
  var columnCount: Int32
  /// Conditions of the table's own, each with its values.
  var conditions: [(sql: String, values: [SQLValue])]
  var query: ListQuery

  /// Keyset paging: a page begins after the last row of the former one, so rows that come in between move nothing.
  func run<Item>(in database: Database, _ read: (SQLRow) throws -> Item) throws -> Page<Item> {
    guard (1...1000).contains(query.limit) else {
      throw SidecarError(
        .invalidParams,
        "Invalid params: `limit` must be from 1 to 1000; it is \(query.limit).",
        faults: [
          Fault(pointer: "/limit", rule: "range", message: "`limit` must be from 1 to 1000; it is \(query.limit).")
        ]
      )
    }
    // Total and rows of one and the same state.
    return try database.snapshot { try page(in: database, read) }
  }

  private func page<Item>(in database: Database, _ read: (SQLRow) throws -> Item) throws -> Page<Item> {
    let filters = conditions + commonConditions
    let total = try database.integer("SELECT count(*) FROM \(table)\(Self.clause(filters))", Self.values(filters))
    let order = query.descending ? "DESC" : "ASC"
    let position = try query.cursor.map { try PageCursor(parsing: $0, query: query) }.map(condition)
    let all = filters + [position].compactMap { $0 }
    let rows = try database.query(
      """
      SELECT \(columns), \(query.sort.rawValue), position FROM \(table)\(Self.clause(all)) \
      ORDER BY \(query.sort.rawValue) \(order), position \(order) LIMIT \(query.limit + 1)
      """,
      Self.values(all)
    ) { row in
      let key: PageCursor.Key =
        query.sort == .name ? .text(row.text(columnCount)) : .integer(row.integer(columnCount))
      return (try read(row), PageCursor(key: key, position: row.integer(columnCount + 1)))
    }
    let page = rows.prefix(query.limit)
    return Page(
      items: page.map(\.0),
      total: total,
      nextCursor: rows.count > query.limit ? page.last?.1.text(query: query) : nil
    )
  }

  private var commonConditions: [(sql: String, values: [SQLValue])] {
    var conditions: [(sql: String, values: [SQLValue])] = []
    if let name = query.name { conditions.append(("name = ?", [.text(name)])) }
    if let kind = query.kind { conditions.append(("kind = ?", [.text(kind)])) }
    if let user = query.user { conditions.append(("user = ?", [.text(user)])) }
    if let after = query.createdAfter { conditions.append(("created > ?", [.integer(Int(after.nanoseconds))])) }
    if let before = query.createdBefore { conditions.append(("created < ?", [.integer(Int(before.nanoseconds))])) }
    return conditions
  }

  private func condition(_ cursor: PageCursor) -> (sql: String, values: [SQLValue]) {
    let key: SQLValue =
      switch cursor.key {
      case .integer(let integer): .integer(integer)
      case .text(let text): .text(text)
      }
    let comparison = query.descending ? "<" : ">"
    return ("(\(query.sort.rawValue), position) \(comparison) (?, ?)", [key, .integer(cursor.position)])
  }

  private static func clause(_ conditions: [(sql: String, values: [SQLValue])]) -> String {
    conditions.isEmpty ? "" : " WHERE " + conditions.map(\.sql).joined(separator: " AND ")
  }

  private static func values(_ conditions: [(sql: String, values: [SQLValue])]) -> [SQLValue] {
    conditions.flatMap(\.values)
  }
}
