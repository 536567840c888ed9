import Platform

extension EndingClassifier {
  /// A build that ended in an error. `step`: where it was, as `2/4 (RUN …)`; `output`: the last lines that it wrote.
  static func buildFailure(_ words: String, exitCode: Int?, step: String?, output: [String]) -> Ending {
    let lower = words.lowercased()
    let place = step.map { " in step \($0)" } ?? ""
    var ending = Ending(succeeded: false, exitCode: exitCode, reason: "BuildFailed", message: "")
    if let exitCode {
      ending.message = "The build failed\(place): the command ended with exit code \(exitCode)."
      if exitCode == 137 { ending.message += " 137: it was killed, possibly out of memory." }
      if !output.isEmpty { ending.message += " Its last lines: " + output.joined(separator: " | ") }
      return ending
    }
    ending.message = "The build failed\(place): \(words)"
    let isPull = ["pinging container registry", "manifest unknown", "pull access denied", "connection refused"]
      .contains { lower.contains($0) }
    if isPull {
      ending.reason = "ImagePull"
      ending.message += " (check the name of the image that it starts from, and that its registry can be reached)"
    } else if lower.contains("<<") {
      ending.message += " (heredocs need a newer builder: Podman 4.5; write the command on lines joined by \\ and &&)"
    }
    return ending
  }

  static func pushFailure(_ words: String, image: String) -> Ending {
    let lower = words.lowercased()
    var hint = "check the name, and that the registry can be reached"
    if lower.contains("unauthorized") || lower.contains("denied") || lower.contains("authentication") {
      hint = "log in with `podman login` or `docker login` for its registry"
    }
    return Ending(
      succeeded: false,
      exitCode: nil,
      reason: "ImagePush",
      message: "The image \(image) is built and on this machine, but can't be pushed: \(words) (\(hint))"
    )
  }
}
