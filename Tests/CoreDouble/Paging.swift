import JSON

/// Spring's pages: `page` from 0, `size` 25 unless given, at most 1000, `sort=field,direction`.
struct Paging {
  static let defaultSize = 25
  static let maximumSize = 1000

  let number: Int
  let size: Int
  private let sorts: [(field: String, isAscending: Bool)]

  /// A page number or size that is no positive number falls back to its default, as Spring does it. Refused: more than
  /// a thousand, and fields that entities don't have.
  init(_ request: DoubleRequest, defaultSort: String = "created,DESC") throws(CoreRefusal) {
    number = max(0, request.query("page").flatMap { Int($0) } ?? 0)
    let asked = request.query("size").flatMap { Int($0) } ?? Self.defaultSize
    size = asked < 1 ? Self.defaultSize : asked
    guard size <= Self.maximumSize else { throw .badRequest("max page size exceeded") }
    var sorts: [(field: String, isAscending: Bool)] = []
    let given = request.query.filter { $0.name == "sort" && !$0.value.isEmpty }.map(\.value)
    for text in given.isEmpty ? [defaultSort] : given {
      var parts = text.split(separator: ",").map(String.init)
      let direction = parts.last?.lowercased()
      if direction == "asc" || direction == "desc" { parts.removeLast() }
      for field in parts {
        guard Self.fields.contains(field) else { throw .badRequest("No property '\(field)' found for type 'Entity'") }
        sorts.append((field, direction != "desc"))
      }
    }
    self.sorts = sorts
  }

  private static let fields = ["id", "name", "kind", "project", "created", "updated", "state", "user", "createdBy"]

  /// The page as JSON, and what it holds.
  func page(of entities: [Entity], json: (Entity) -> JSONObject) -> DoubleResponse {
    // Equal in every field: newest first, so that pages never overlap.
    let sorted = entities.sorted { left, right in
      for sort in sorts {
        switch Self.compare(left, right, by: sort.field) {
        case 0: continue
        case let order: return sort.isAscending ? order < 0 : order > 0
        }
      }
      return left.sequence > right.sequence
    }
    let start = min(number * size, sorted.count)
    return Self.page(sorted[start..<min(start + size, sorted.count)].map { .object(json($0)) }, of: sorted.count, self)
  }

  static func page(_ content: [JSONValue], of total: Int, _ paging: Paging) -> DoubleResponse {
    let pages = (total + paging.size - 1) / paging.size
    let sort: JSONValue = [
      "sorted": .bool(!paging.sorts.isEmpty), "unsorted": .bool(paging.sorts.isEmpty),
      "empty": .bool(paging.sorts.isEmpty),
    ]
    return .json([
      "content": .array(content),
      "pageable": [
        "pageNumber": .integer(paging.number), "pageSize": .integer(paging.size), "sort": sort,
        "offset": .integer(paging.number * paging.size), "paged": true, "unpaged": false,
      ],
      "totalElements": .integer(total), "totalPages": .integer(pages), "last": .bool(paging.number >= pages - 1),
      "first": .bool(paging.number == 0), "number": .integer(paging.number), "size": .integer(paging.size),
      "sort": sort,
      "numberOfElements": .integer(content.count), "empty": .bool(content.isEmpty),
    ])
  }

  private static func compare(_ left: Entity, _ right: Entity, by field: String) -> Int {
    func order<Value: Comparable>(_ left: Value, _ right: Value) -> Int { left < right ? -1 : left == right ? 0 : 1 }
    return switch field {
    case "created": order(left.created, right.created)
    case "updated": order(left.updated, right.updated)
    case "name": order(left.name, right.name)
    case "kind": order(left.kind, right.kind)
    case "state": order(left.state, right.state)
    case "project": order(left.project, right.project)
    case "id": order(left.id, right.id)
    default: order(left.user, right.user)
    }
  }
}
