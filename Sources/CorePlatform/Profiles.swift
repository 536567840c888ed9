package import JSON
internal import Model
internal import Platform

/// The templates that Core's administrator provides: `k8s_resource_profiles` of the public configuration.
enum Profiles {
  /// The list may come as JSON or as comma-separated text.
  static func names(_ configuration: JSONObject) -> [String] {
    switch configuration["k8s_resource_profiles"] {
    case .array(let list)?: list.compactMap { $0.stringValue ?? $0["name"]?.stringValue ?? $0["id"]?.stringValue }
    case .string(let text)?:
      text.split(whereSeparator: { $0 == "," || $0 == "[" || $0 == "]" || $0.isWhitespace || $0 == "\"" })
        .map(String.init)
    default: []
    }
  }
}

extension CorePlatform {
  /// `{name}` each; what is in them only the server knows.
  package func listProfiles() async throws -> [JSONObject] {
    Profiles.names(try await client.configuration(maximumAge: .zero)).map { ["name": .string($0)] }
  }
}
