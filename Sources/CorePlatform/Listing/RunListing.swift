internal import JSON
internal import Model
internal import Platform

/// One page of runs, filtered, sorted and cut by the server.
struct RunListing {
  private let platform: CorePlatform
  private let query: RunQuery
  private let function: CoreEntity?

  init(platform: CorePlatform, query: RunQuery, function: CoreEntity?) {
    self.platform = platform
    self.query = query
    self.function = function
  }

  func page() async throws -> EntityPage {
    try await requireFilters()
    var cursor = try ListCursor(query.cursor)
    cursor.size = cursor.size ?? query.limit
    return query.states.count > 1 ? try await merged(cursor) : try await single(cursor)
  }

  /// Core 0.13 has no filter for the action (in its public source), and would list the runs of all.
  private func requireFilters() async throws {
    guard query.action != nil else { return }
    let (dialect, _) = try await platform.client.dialect()
    guard !dialect.filtersByAction else { return }
    let fault = Fault(
      pointer: "/action",
      rule: "unsupported",
      message: "\(dialect.release) can't list the runs of one action; Core 0.14 and later can.",
      hint: "Leave `action` out: each run says its own in spec.action."
    )
    throw SidecarError(.unsupportedParameter, fault.message, hint: fault.hint, faults: [fault])
  }

  /// The server's filters (contract, section 2).
  static func request(_ query: RunQuery, function: CoreEntity?, state: RunState?, bound: String?) -> CoreRequest {
    var request = CoreRequest.context("GET", query.project, "runs").asking("kind", query.kind)
      .asking("state", state?.rawValue).asking("name", query.name).asking("user", query.user)
      // The server looks for it inside the task's reference, where a bare word may be part of the project's name.
      .asking("action", query.action?.taskKind)
      .asking("function", function.map(CorePlatform.reference))
    let before = query.createdBefore?.text ?? bound
    if query.createdAfter != nil || before != nil {
      // Always both ends: of one alone the server makes what it likes.
      let after = query.createdAfter?.text ?? "1970-01-01T00:00:00Z"
      request = request.asking("created", "\(after),\(before ?? "2200-01-01T00:00:00Z")")
    }
    return request.asking("sort", "\(query.sort.rawValue),\(query.ascending ? "ASC" : "DESC")")
  }

  private func fetch(_ state: RunState?, page number: Int, size: Int, bound: String?) async throws -> CorePage {
    try await platform.client.page(
      Self.request(query, function: function, state: state, bound: bound),
      number: number,
      size: size,
      "a list of runs",
      missing: CorePlatform.noProject(query.project)
    )
  }

  private func single(_ cursor: ListCursor) async throws -> EntityPage {
    let size = cursor.size ?? query.limit
    let page = try await fetch(query.states.first, page: cursor.page, size: size, bound: cursor.bound)
    var next = ListCursor(page: cursor.page + 1, size: size, bound: cursor.bound)
    if next.bound == nil, pinsNewest { next.bound = page.content.first.flatMap(Self.justAfter) }
    next.last = page.content.last?.id
    return EntityPage(
      items: cursor.unseen(page.content).map { RunView(core: $0).entity },
      total: page.total,
      nextCursor: page.isLast ? nil : next.text
    )
  }

  /// Newest first by creation, runs made while somebody pages would push the rest down.
  private var pinsNewest: Bool { query.sort == .created && !query.ascending && query.createdBefore == nil }

  /// The server's moments may have whole seconds.
  private static func justAfter(_ run: CoreEntity) -> String? {
    run.created.map { Timestamp(nanoseconds: $0.nanoseconds + 1_000_000_000).text }
  }

  /// The server filters by one state, so a list by several is merged of one list for each.
  private func merged(_ cursor: ListCursor) async throws -> EntityPage {
    let size = cursor.size ?? query.limit
    var total = 0
    var heads: [(state: RunState, runs: [CoreEntity])] = []
    var hasMore = false
    for state in query.states {
      let offset = cursor.offsets[state.rawValue] ?? 0
      var runs: [CoreEntity] = []
      // A page of the server's begins at a multiple of its size: two of them hold what is wanted.
      for number in offset % size == 0 ? [offset / size] : [offset / size, offset / size + 1] {
        let page = try await fetch(state, page: number, size: size, bound: cursor.bound)
        runs += page.content
        if number == offset / size { total += page.total }
        if page.isLast { break }
      }
      heads.append((state, Array(runs.dropFirst(offset % size).prefix(size))))
    }
    var next = ListCursor(page: cursor.page + 1, size: size, bound: cursor.bound)
    next.offsets = cursor.offsets
    var items: [CoreEntity] = []
    while items.count < size, let best = firstIndex(of: heads.map(\.runs.first)) {
      items.append(heads[best].runs.removeFirst())
      next.offsets[heads[best].state.rawValue, default: 0] += 1
    }
    if next.bound == nil, pinsNewest { next.bound = items.first.flatMap(Self.justAfter) }
    hasMore = next.offsets.values.reduce(0, +) < total && !items.isEmpty
    return EntityPage(
      items: items.map { RunView(core: $0).entity },
      total: total,
      nextCursor: hasMore ? next.text : nil
    )
  }

  private func firstIndex(of heads: [CoreEntity?]) -> Int? {
    heads.indices.filter { heads[$0] != nil }.min { left, right in
      guard let left = heads[left], let right = heads[right] else { return false }
      return query.ascending ? precedes(left, right) : precedes(right, left)
    }
  }

  private func precedes(_ left: CoreEntity, _ right: CoreEntity) -> Bool {
    func key(_ run: CoreEntity) -> (Int64, String) {
      switch query.sort {
      case .created: (run.created?.nanoseconds ?? 0, run.id)
      case .updated: (run.updated?.nanoseconds ?? 0, run.id)
      case .name: (0, run.name)
      case .state: (0, run.state.rawValue)
      }
    }
    return key(left) < key(right)
  }
}
