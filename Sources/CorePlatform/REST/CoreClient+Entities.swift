internal import JSON
internal import Model

extension CoreClient {
  /// One entity by id, or one of its parts.
  func read(
    _ project: String,
    _ path: String,
    _ id: String,
    _ what: String,
    missing: SidecarError? = nil
  ) async throws -> CoreEntity {
    let answer = try await send(spelling: id, what) { .context("GET", project, path, $0) }
    guard answer.isSuccess else { throw CoreRefusal.error(answer, what, missing: missing) }
    guard let entity = CoreEntity(answer.json) else { throw CoreRefusal.unexpected(answer.json, what) }
    return entity
  }

  /// A request about one entity. An id without dashes may be kept with them on the server (the official client takes
  /// both), so that spelling is tried where the first is not found.
  func send(spelling id: String, _ what: String, _ request: (_ id: String) -> CoreRequest) async throws -> CoreAnswer {
    let answer = try await send(request(id), what)
    guard answer.status == 404, let dashed = EntityID.dashed(id) else { return answer }
    let other = try await send(request(dashed), what)
    // Where both are missing, the first one tells how often it was asked for.
    return other.status == 404 ? answer : other
  }

  /// One page of a listing, in Spring's form (contract, section 2). `number` counts from 0, `size` is at most 1000.
  func page(
    _ request: CoreRequest,
    number: Int,
    size: Int,
    _ what: String,
    missing: SidecarError? = nil
  ) async throws -> CorePage {
    let asked = request.asking("page", "\(number)").asking("size", "\(size)")
    let json = try await json(asked, what, missing: missing)
    guard let page = CorePage(json) else { throw CoreRefusal.unexpected(json, what) }
    return page
  }
}

extension CoreClient {
  /// Every entity of a listing, page by page.
  func all(_ request: CoreRequest, _ what: String, missing: SidecarError? = nil) async throws -> [CoreEntity] {
    var found: [CoreEntity] = []
    var number = 0
    while true {
      let page = try await page(request, number: number, size: 1000, what, missing: missing)
      found += page.content
      if page.isLast || page.content.isEmpty { return found }
      number += 1
    }
  }
}

/// What a listing of Core answers: `{content[], totalElements, number, size, last}`.
struct CorePage: Sendable {
  var content: [CoreEntity]
  var total: Int
  var isLast: Bool

  init?(_ json: JSONValue) {
    guard let list = json["content"]?.arrayValue else { return nil }
    content = list.compactMap(CoreEntity.init(_:) as (JSONValue) -> CoreEntity?)
    total = json["totalElements"]?.integerValue ?? content.count
    isLast = json["last"]?.boolValue ?? true
  }
}
