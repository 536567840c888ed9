package import JSON
internal import Model
internal import Platform

/// The templates that Core's administrator provides.
enum Profiles {
  /// Of the public configuration, where it has them: `k8s_resource_profiles` (in its public source from 0.15.1 on), as
  /// a list or as comma-separated text. Nil where it has none of it.
  static func names(configuration: JSONObject) -> [String]? {
    switch configuration["k8s_resource_profiles"] {
    case .array(let list)?: list.compactMap { $0.stringValue ?? $0["id"]?.stringValue ?? $0["name"]?.stringValue }
    case .string(let text)?:
      text.split(whereSeparator: { $0 == "," || $0 == "[" || $0 == "]" || $0.isWhitespace || $0 == "\"" })
        .map(String.init)
    default: nil
    }
  }

  /// Of a run's published schema: the constants that `profile` may be, wherever in the schema it is declared. The empty
  /// one stands for none. Nil where the schema has no such choice.
  static func names(schema: JSONValue) -> [String]? {
    switch schema {
    case .object(let object):
      if let choices = object["properties"]?["profile"]?["oneOf"]?.arrayValue {
        return choices.compactMap { $0["const"]?.stringValue }.filter { !$0.isEmpty }
      }
      return object.members.lazy.compactMap { names(schema: $0.value) }.first
    case .array(let items): return items.lazy.compactMap { names(schema: $0) }.first
    default: return nil
    }
  }
}

extension CorePlatform {
  /// `{name}` each; what is in them only the server knows.
  package func listProfiles() async throws -> [JSONObject] {
    (try await publishedProfiles(.zero) ?? []).map { ["name": .string($0)] }
  }

  /// Nil where the server does not publish any list.
  func publishedProfiles(_ maximumAge: Duration = .seconds(60)) async throws -> [String]? {
    if let names = Profiles.names(configuration: try await client.configuration(maximumAge: maximumAge)) {
      return names
    }
    let (dialect, _) = try await client.dialect()
    let answer = try await client.send(
      .api("GET", ["schemas", "run", dialect.runKind(of: .job)]),
      "the schema of a job's run"
    )
    // A server without schemas is no error of the caller's.
    guard answer.isSuccess else { return nil }
    return Profiles.names(schema: answer.json["schema"] ?? answer.json)
  }

  /// Core takes a profile that it does not have for none, without a word. A warning where it can't be checked.
  func checkProfile(_ name: String?) async throws -> Warning? {
    guard let name else { return nil }
    guard var profiles = try await publishedProfiles() else {
      return Warning(
        pointer: "/profile",
        code: "unchecked",
        message: "The server does not publish its profiles: if it has no `\(name)`, it runs without one."
      )
    }
    // It may have come since the last look.
    if !profiles.contains(name) { profiles = try await publishedProfiles(.zero) ?? [] }
    guard !profiles.contains(name) else { return nil }
    let hint =
      EditDistance.nearest(to: name, among: profiles).map { "Did you mean `\($0)`?" }
      ?? (profiles.isEmpty
        ? "The server has no profiles; leave it out." : "The server's are \(profiles.joined(separator: ", ")).")
    let fault = Fault(
      pointer: "/profile",
      rule: "profile_not_found",
      message: "The server has no profile `\(name)`, and would ignore it.",
      hint: hint
    )
    throw SidecarError(.profileNotFound, fault.message, hint: hint, faults: [fault])
  }
}
