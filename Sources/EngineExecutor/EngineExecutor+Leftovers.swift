import Glibc
import HTTP
import JSON
import Model
import Platform

// What is to go without a run that knows of it. Everything is found by the label of the catalog: what others have made,
// and what no catalog has a name for any more, stays.
extension EngineExecutor {
  /// Volumes that keep a project's data: its persistent_volume_claims. A shared_volume belongs to no project.
  package func removeProject(_ project: String, catalog: String) async throws {
    let labels = [EnginePlanner.labelPrefix + "project=" + project, EnginePlanner.catalogLabel + "=" + catalog]
    try await withClient { client in
      for volume in try await client.list("/volumes", labels: labels, member: "Volumes")
      where volume["Labels"]?[StoragePlan.kindLabel]?.stringValue == StoragePlan.claim {
        guard let name = volume["Name"]?.stringValue else { continue }
        try await client.remove(volume: name, force: false)
      }
      try await Self.removeNetworks(labels, client)
    }
  }

  package func removeLeftovers(
    of catalog: String,
    known: @Sendable (Set<String>) async throws -> Set<String>
  ) async throws {
    guard !catalog.isEmpty else { return }
    await sources.sweep()
    let labels = [EnginePlanner.catalogLabel + "=" + catalog]
    try await withClient { client in
      let containers = try await client.list("/containers/json", labels: labels, all: true)
      for container in try await Self.unknown(containers, known) {
        // By its id: a run of the same id may have got another container of the same name meanwhile.
        guard let id = container["Id"]?.stringValue else { continue }
        let call = EngineCall("DELETE", "/containers/\(id)?force=true&v=true")
        _ = try await client.call(call, timeout: .seconds(90), longLived: true)
      }
      let volumes = try await client.list("/volumes", labels: labels, member: "Volumes")
      for volume in try await Self.unknown(volumes, known) {
        guard let name = volume["Name"]?.stringValue else { continue }
        // Not by force: Podman would remove with it the containers that use it.
        _ = try await client.call(EngineCall("DELETE", "/volumes/\(name)"))
      }
      try await Self.removeNetworks(labels, client)
    }
    try await removeBuilds(of: catalog, known: known)
  }

  private static func removeNetworks(_ labels: [String], _ client: EngineClient) async throws {
    for network in try await client.list("/networks", labels: labels) {
      guard let name = network["Name"]?.stringValue else { continue }
      try await client.removeUnused(network: name)
    }
  }

  private static func unknown(
    _ objects: [JSONValue],
    _ known: (Set<String>) async throws -> Set<String>
  ) async throws -> [JSONValue] {
    func run(_ object: JSONValue) -> String? { object["Labels"]?[EnginePlanner.labelPrefix + "run"]?.stringValue }
    let recorded = try await known(Set(objects.compactMap(run)))
    return objects.filter { object in run(object).map { !recorded.contains($0) } ?? false }
  }

  /// Logs of builds that nobody knows, with the layers that they name.
  private func removeBuilds(of catalog: String, known: (Set<String>) async throws -> Set<String>) async throws {
    let folder = buildLogs(of: catalog)
    let runs = Set(Self.names(in: folder).filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) })
    guard !runs.isEmpty else { return }
    for run in runs.subtracting(try await known(runs)) {
      let log = BuildLog(folder: folder, runID: run)
      if let leftovers = try await BuildLeftovers(log) { try await withClient { try await leftovers.remove($0) } }
      log.remove()
    }
  }

  private static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}

extension EngineClient {
  /// What carries all of these labels (`name=value`); `member` holds the list where the answer is an object.
  fileprivate func list(
    _ path: String,
    labels: [String],
    all: Bool = false,
    member: String? = nil
  ) async throws -> [JSONValue] {
    let filters: JSONObject = ["label": .array(labels.map { .string($0) })]
    let found = try await list(path, filters: filters, all: all, member: member)
    // Of several labels of a volume Podman takes any for enough.
    return found.filter { object in
      labels.allSatisfy { label in
        let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return object["Labels"]?[String(parts[0])]?.stringValue == parts.last.map(String.init)
      }
    }
  }

  private func list(_ path: String, filters: JSONObject, all: Bool, member: String?) async throws -> [JSONValue] {
    let query = (all ? "all=true&" : "") + "filters=" + EngineCall.encoded(JSONValue.object(filters).text())
    var reply = try await get(path + "?" + query)
    // Podman fails where one of them is removed just then.
    for _ in 0..<5 where reply.status >= 500 {
      try await Task.sleep(for: .milliseconds(100))
      reply = try await get(path + "?" + query)
    }
    guard reply.isSuccess else { throw reply.refusal("The engine can't list \(path).") }
    let json = member.map { reply.json?[$0] } ?? reply.json
    return json?.arrayValue ?? []
  }

  /// A network that no container names, whether it runs or not: Docker itself would let it go where only stopped ones do,
  /// and they could never be started again.
  func removeUnused(network name: String) async throws {
    let users = try await list("/containers/json", filters: ["network": [.string(name)]], all: true, member: nil)
    guard users.isEmpty else { return }
    for network in try await list("/networks", filters: ["name": [.string(name)]], all: false, member: nil)
    where network["Name"]?.stringValue == name {
      // By its id Podman would not see that it is in use; of Docker's there may be two of the name.
      guard let id = network["Id"]?.stringValue else { continue }
      _ = try await call(EngineCall("DELETE", "/networks/" + (engine.isPodman ? name : id)))
    }
  }

  /// Nothing to remove is no error. By force, Podman removes with it the containers that use it.
  func remove(volume name: String, force: Bool) async throws {
    let reply = try await call(EngineCall("DELETE", "/volumes/\(name)" + (force ? "?force=true" : "")))
    guard reply.isSuccess || reply.status == 404 else {
      throw reply.refusal("The volume \(name) can't be removed.")
    }
  }

  /// False for one that another catalog has made under this name.
  func isOwn(volume name: String) async throws -> Bool {
    guard !catalog.isEmpty else { return true }
    let owner = try await get("/volumes/\(name)").json?["Labels"]?[EnginePlanner.catalogLabel]?.stringValue
    return owner.map { $0 == catalog } ?? true
  }
}
