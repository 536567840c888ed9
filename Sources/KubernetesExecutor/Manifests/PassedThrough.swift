import JSON

/// What is handed to the cluster as it came, `affinity` and `tolerations`: with Kubernetes' own names, or with the same
/// in snake_case as the SDK's models have them.
enum PassedThrough {
  /// Maps whose keys are the user's own.
  private static let maps: Set<String> = ["matchLabels"]

  static func camelCased(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      return .object(
        JSONObject(
          object.members.map { member in
            let name = camelCase(member.name)
            return (name, maps.contains(name) ? member.value : camelCased(member.value))
          }
        )
      )
    case .array(let items): return .array(items.map(camelCased))
    default: return value
    }
  }

  private static func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_", omittingEmptySubsequences: true)
    guard words.count > 1, let first = words.first else { return name }
    return String(first) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
