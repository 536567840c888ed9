import Build
import Model
import Platform

extension EnginePlanner {
  /// The fully qualified name of an image that a parameter gives. Throws `invalid_params` that names the parameter.
  static func qualified(_ image: String, pointer: String) throws(SidecarError) -> String {
    do {
      return try ImageReference(image).qualified
    } catch {
      throw SidecarError(
        .invalidParams,
        "\(error)",
        hint: error.hint,
        faults: [Fault(pointer: pointer, rule: "image", message: "\(error)", hint: error.hint)]
      )
    }
  }

  /// The name of a built image that nobody named: of project and function, in the letters that image names may have.
  static func builtImage(_ execution: Execution) -> String {
    var name = component(execution.functionName)
    // Two functions whose names differ in other letters only must not share an image.
    if name != execution.functionName { name += "-" + component(execution.functionID).prefix(8) }
    return "localhost/\(component(execution.project))/\(name):latest"
  }

  private static func component(_ name: String) -> String {
    let parts = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return parts.isEmpty ? "x" : parts.joined(separator: "-")
  }
}
