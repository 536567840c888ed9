package import JSON
internal import Model
internal import Platform
internal import Settings

/// A run's parameters with what its `profile` gives them. What the run gives wins: of `resources` each amount by itself,
/// of everything else the whole parameter.
struct RunProfile {
  /// The run's parameters, filled.
  let spec: JSONObject
  /// Nil where the run names no profile.
  let name: String?
  /// As the caller gave them.
  private let given: JSONObject
  /// Parameters that have something from the profile.
  private let filled: Set<String>

  /// `spec`: normalised. Throws `profile_not_found`, or `invalid_params` where the two don't go together.
  init(_ spec: JSONObject, among profiles: [String: Settings.Profile]) throws(SidecarError) {
    given = spec
    guard let name = spec["profile"]?.stringValue else {
      self.spec = spec
      self.name = nil
      filled = []
      return
    }
    guard let profile = profiles[name] else { throw Self.notFound(name, profiles.keys.sorted()) }
    var whole = spec
    var filled: Set<String> = []
    for (parameter, value) in profile.parameters {
      let merged: JSONValue =
        switch (whole[parameter], parameter) {
        case (nil, _): value
        case (let own?, "resources"): Self.merged(own, under: value)
        case (let own?, _): own
        }
      guard merged != whole[parameter] else { continue }
      filled.insert(parameter)
      whole[parameter] = merged
    }
    self.spec = whole
    self.name = name
    self.filled = filled
    let faults = ParameterCheck(
      JSONObject(whole.filter { filled.contains($0.name) }.map { ($0.name, $0.value) }),
      against: RunParameters.spec
    ).faults
    guard let first = faults.first else { return }
    throw SidecarError(
      .invalidParams,
      "The run and its profile `\(name)` contradict one another: \(first.message)",
      hint: "Change the run's \(filled.sorted().joined(separator: ", ")), or the profile (\(profile.origin)).",
      faults: faults.map { shown($0) }
    )
  }

  /// What `renderRun` shows: the parameters that a profile can set, as they are for this run.
  var resolved: JSONObject? {
    guard let name else { return nil }
    var resolved: JSONObject = ["profile": .string(name)]
    for (parameter, value) in spec where Self.settable.contains(parameter) { resolved[parameter] = value }
    return resolved
  }

  /// A fault at a parameter that the caller didn't give is the profile's.
  func shown(_ fault: Fault) -> Fault {
    guard let name, isFilled(fault.pointer) else { return fault }
    var fault = fault
    fault.message = "profile `\(name)`: \(fault.message)"
    fault.pointer = "/profile"
    return fault
  }

  func shown(_ warning: Warning) -> Warning {
    guard let name, isFilled(warning.pointer) else { return warning }
    return Warning(pointer: "/profile", code: warning.code, message: "profile `\(name)`: \(warning.message)")
  }

  /// An error whose faults may be the profile's.
  func shown(_ error: SidecarError) -> SidecarError {
    var error = error
    error.faults = error.faults.map { shown($0) }
    return error
  }

  private func isFilled(_ pointer: String) -> Bool {
    guard let place = try? JSONPointer(parsing: pointer), let parameter = place.tokens.first else { return false }
    // Of `resources` a part may be the run's own.
    let isOwn = place.tokens.count > 1 && JSONValue.object(given)[place] != nil
    return filled.contains(parameter) && !isOwn
  }

  private static let settable: Set<String> = [
    "resources", "node_selector", "affinity", "tolerations", "runtime_class", "priority_class",
  ]

  /// `{requests: {cpu, mem, gpu}, limits: {…}, disk}`, as `ResourceParameters` keeps it.
  private static func merged(_ own: JSONValue, under profile: JSONValue) -> JSONValue {
    guard var whole = own.objectValue else { return own }
    for (name, value) in profile.objectValue ?? [:] {
      guard let mine = whole[name] else {
        whole[name] = value
        continue
      }
      whole[name] = merged(mine, under: value)
    }
    return .object(whole)
  }

  private static func notFound(_ name: String, _ known: [String]) -> SidecarError {
    let hint =
      EditDistance.nearest(to: name, among: known).map { "Did you mean `\($0)`?" }
      ?? (known.isEmpty
        ? "The settings file has no profiles: write it under `profiles` there, or leave it out."
        : "There are \(known.joined(separator: ", ")); see listProfiles.")
    let message = "There is no profile `\(name)`."
    return SidecarError(
      .profileNotFound,
      message,
      hint: hint,
      faults: [Fault(pointer: "/profile", rule: "profile_not_found", message: message, hint: hint)]
    )
  }
}

extension EmbeddedPlatform {
  /// `{name, description, …parameters}` each, of the settings file, by name.
  package func listProfiles() async throws -> [JSONObject] {
    profiles.values.sorted { $0.name < $1.name }.map { profile in
      var json: JSONObject = ["name": .string(profile.name)]
      json["description"] = profile.description.map { .string($0) }
      for (name, value) in profile.parameters { json[name] = value }
      return json
    }
  }
}
