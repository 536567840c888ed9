import JSON
import Model

/// Images that a build made on its way and nothing has a name for.
struct BuildLeftovers {
  let client: EngineClient

  /// The ids that the builder told, last first: ` ---> 1c59e93f71c8`, `--> f9b4969cf4a`.
  static func layers(in log: [String]) -> [String] {
    log.reversed().compactMap { line in
      guard let arrow = line.firstRange(of: "--> "), line[..<arrow.lowerBound].allSatisfy({ $0 == " " || $0 == "-" })
      else { return nil }
      let id = line[arrow.upperBound...]
      return (11...64).contains(id.utf8.count) && id.allSatisfy(\.isHexDigit) ? String(id) : nil
    }
  }

  /// Those that have no name, no child and no container; the engine itself refuses the others, which is as it should be.
  func remove(_ layers: [String]) async throws {
    for layer in layers {
      let image = try await client.get("/images/\(layer)/json")
      guard image.isSuccess, let json = image.json, json["RepoTags"]?.arrayValue?.isEmpty ?? true,
        json["RepoDigests"]?.arrayValue?.isEmpty ?? true
      else { continue }
      _ = try await client.call(EngineCall("DELETE", "/images/\(layer)?noprune=true"), timeout: .seconds(90))
    }
  }
}
