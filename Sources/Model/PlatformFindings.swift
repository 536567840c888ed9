package import JSON

/// What a platform says to normalised parameters, from their declarations alone.
package enum PlatformFindings {
  package static func of(
    _ params: JSONObject,
    parameters: [Parameter],
    platform: PlatformKind
  ) -> (faults: [Fault], warnings: [Warning]) {
    var faults: [Fault] = []
    var warnings: [Warning] = []
    visit(params, parameters, platform, "", &faults, &warnings)
    return (faults, warnings)
  }

  private static func visit(
    _ params: JSONObject,
    _ parameters: [Parameter],
    _ platform: PlatformKind,
    _ pointer: String,
    _ faults: inout [Fault],
    _ warnings: inout [Warning]
  ) {
    for (name, value) in params.members {
      guard let parameter = parameters.first(where: { $0.name == name }) else { continue }
      let here = "\(pointer)/\(name)"
      note(parameter.treatment(on: platform), here, &faults, &warnings)
      descend(value, parameter.shape, platform, here, &faults, &warnings)
    }
  }

  private static func descend(
    _ value: JSONValue,
    _ shape: Shape,
    _ platform: PlatformKind,
    _ pointer: String,
    _ faults: inout [Fault],
    _ warnings: inout [Warning]
  ) {
    switch shape {
    case .list(let element, _):
      for (index, item) in (value.arrayValue ?? []).enumerated() {
        descend(item, element, platform, "\(pointer)/\(index)", &faults, &warnings)
      }
    case .object(let members):
      if let object = value.objectValue { visit(object, members, platform, pointer, &faults, &warnings) }
    case .union(let discriminator, let variants):
      guard let object = value.objectValue,
        let variant = variants.first(where: { $0.tag == object[discriminator]?.stringValue })
      else { return }
      note(variant.treatments[platform] ?? .works, pointer, &faults, &warnings)
      visit(object, variant.members, platform, pointer, &faults, &warnings)
    default: break
    }
  }

  private static func note(
    _ treatment: Parameter.Treatment,
    _ pointer: String,
    _ faults: inout [Fault],
    _ warnings: inout [Warning]
  ) {
    switch treatment {
    case .works, .varies: break
    case .warning(let text): warnings.append(Warning(pointer: pointer, code: "no_effect", message: text))
    case .error(let text): faults.append(Fault(pointer: pointer, rule: "unsupported", message: text))
    case .notYet(let text): faults.append(Fault(pointer: pointer, rule: "not_yet", message: text))
    }
  }
}
