import JSON
import Model
import Platform

/// Images that a build made on its way and nothing has a name for. They are known from what the builder said, and what
/// a program wrote in a step may look the same; so only what was made while the build ran is taken for its own.
struct BuildLeftovers {
  struct Layer: Hashable {
    var id: String
    /// When the builder told it.
    var told: Timestamp
  }

  /// An engine's clock and its whole seconds.
  private static let tolerance: Int64 = 1_000_000_000

  let layers: [Layer]
  let begun: Timestamp
  /// What the build was for, by id: kept, also where another image has its name by now.
  let images: [String]

  /// Nil where the log names none.
  init?(_ log: BuildLog) async throws {
    let reader = BuildLogReader(log: log)
    let entries = try await reader.page(LogQuery(limit: .max)).entries
    self.init(entries: entries, images: reader.images())
  }

  init?(entries: [LogEntry], images: [String]) {
    layers = Self.layers(in: entries)
    guard let first = entries.first, !layers.isEmpty else { return nil }
    begun = first.timestamp
    self.images = images.map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
  }

  /// Last first: ` ---> 1c59e93f71c8`, `--> f9b4969cf4a`.
  private static func layers(in entries: [LogEntry]) -> [Layer] {
    entries.reversed().compactMap { entry in
      let line = entry.text
      guard let arrow = line.firstRange(of: "--> "), line[..<arrow.lowerBound].allSatisfy({ $0 == " " || $0 == "-" })
      else { return nil }
      let id = line[arrow.upperBound...]
      guard (11...64).contains(id.utf8.count), id.allSatisfy(\.isHexDigit) else { return nil }
      return Layer(id: String(id), told: entry.timestamp)
    }
  }

  /// Whether it is this build's and nobody's: made between its beginning and the line that names it, without a name.
  func isLeftOver(_ layer: Layer, _ image: JSONValue) -> Bool {
    guard image["RepoTags"]?.arrayValue?.isEmpty ?? true, image["RepoDigests"]?.arrayValue?.isEmpty ?? true,
      !images.contains(where: { $0.hasPrefix(layer.id) }),
      let created = image["Created"]?.stringValue.flatMap(EngineTime.parse)
    else { return false }
    return created.nanoseconds >= begun.nanoseconds - Self.tolerance
      && created.nanoseconds <= layer.told.nanoseconds + Self.tolerance
  }

  /// Those that have no child and no container; the engine itself refuses the others, which is as it should be.
  func remove(_ client: EngineClient) async throws {
    for layer in layers {
      let image = try await client.get("/images/\(layer.id)/json")
      guard image.isSuccess, let json = image.json, isLeftOver(layer, json) else { continue }
      _ = try await client.call(EngineCall("DELETE", "/images/\(layer.id)?noprune=true"), timeout: .seconds(90))
    }
  }
}
