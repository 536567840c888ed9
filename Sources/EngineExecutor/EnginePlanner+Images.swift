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

  /// Nil where the policy is never to fetch it.
  static func pull(_ image: String, policy: ImagePullPolicy) -> EngineCall? {
    guard policy != .never else { return nil }
    return EngineCall(
      "POST",
      "/images/create?fromImage=" + EngineCall.encoded(image),
      condition: policy == .ifNotPresent ? "image absent" : nil
    )
  }

  /// The name of a built image that nobody named: `localhost/PROJECT/FUNCTION:ID`, in the letters that image names may
  /// have, with the first eight digits of the function's id, so that its versions don't share an image.
  static func builtImage(_ execution: Execution) -> String {
    let version = component(execution.functionID).prefix(8)
    return "localhost/\(component(execution.project))/\(component(execution.functionName)):\(version)"
  }

  private static func component(_ name: String) -> String {
    let parts = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return parts.isEmpty ? "x" : parts.joined(separator: "-")
  }
}
