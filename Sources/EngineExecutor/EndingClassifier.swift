import Model
import Platform

/// Says how a container ended, in the words of the cause. Pure.
enum EndingClassifier {
  /// `outOfMemory` is what the kernel log says, for an engine that does not say so itself.
  static func ending(of state: ContainerState, outOfMemory: Bool) -> Ending {
    var ending = Ending(
      succeeded: state.exitCode == 0 && state.error.isEmpty,
      exitCode: state.exitCode,
      reason: "Error",
      message: "The program ended with exit code \(state.exitCode).",
      startedAt: state.startedAt,
      finishedAt: state.finishedAt
    )
    let limit = state.memoryLimit > 0 ? "\(state.memoryLimit) bytes" : "none"
    // Docker says it of the container when any of its processes was killed; a program that coped with that succeeded.
    if (state.oomKilled && state.exitCode != 0) || (outOfMemory && state.exitCode == 137) {
      ending.reason = "OOMKilled"
      ending.message =
        "The program used more memory than its limit (\(limit)) and was killed. Raise resources.limits.memory."
      return ending
    }
    if !state.error.isEmpty { return startFailure(state.error, command: state.command, exitCode: state.exitCode) }
    switch state.exitCode {
    case 0:
      ending.reason = "Completed"
      ending.message = "The program ended with exit code 0."
    case 126: ending.message += " 126 usually means that a command was found but can't be executed."
    case 127: ending.message += " 127 usually means that a command was not found."
    case 137:
      ending.reason = "Killed"
      ending.message =
        "The program was killed (exit code 137), possibly out of memory (limit: \(limit)), or by a forced stop."
    case 143:
      ending.reason = "Terminated"
      ending.message = "The program was ended by SIGTERM (exit code 143)."
    case 139: ending.message = "The program crashed with a segmentation fault (exit code 139)."
    default: break
    }
    return ending
  }

  /// A container that the engine made but could not start.
  static func startFailure(_ words: String, command: String?, exitCode: Int? = nil) -> Ending {
    let lower = words.lowercased()
    var ending = Ending(
      succeeded: false,
      exitCode: (exitCode ?? 0) == 0 ? nil : exitCode,
      reason: "StartError",
      message: "The container can't be started: \(words)"
    )
    // runc: `exec: "/x": permission denied`, crun: "executable file `x` not found". Without the word the engine itself
    // could not do something, which is not the command's fault.
    let isOfCommand = lower.contains("exec") && !lower.contains("mount")
    let notFound = lower.contains("executable file not found") || lower.contains("no such file or directory")
    if isOfCommand, notFound {
      ending.exitCode = 127
      ending.message = "The command \(command.map { "\"\($0)\" " } ?? "")was not found in the image. " + words
    } else if isOfCommand, lower.contains("permission denied") || lower.contains("is a directory") {
      ending.exitCode = 126
      ending.message = "The command \(command.map { "\"\($0)\" " } ?? "")can't be executed. " + words
    } else if lower.contains("port is already allocated") || lower.contains("address already in use") {
      ending.reason = "PortInUse"
    } else if lower.contains("unable to find user") || lower.contains("no matching entries in passwd") {
      ending.reason = "UnknownUser"
    } else if lower.contains("rlimit") {
      ending.message += " Hint: this machine allows less than the engine's default limits: give Podman other ones, "
      ending.message += "default_ulimits in a containers.conf that CONTAINERS_CONF names."
    } else if lower.contains("cgroup") {
      ending.message += " Hint: the engine's runtime does not fit this machine's cgroups: give Podman another one, "
      ending.message += "runtime = \"runc\" in a containers.conf that CONTAINERS_CONF names."
    }
    if let command, command.contains(" ") {
      ending.message += " Hint: command is one argv element: put the rest in args."
    }
    return ending
  }

  /// A program that is to stay up, and does not. `lines` are the last ones of its log.
  static func crashLoop(
    _ spec: WorkloadSpec,
    replica: Int,
    ends: Int,
    exitCode: Int?,
    lines: [String],
    finishedAt: Timestamp
  ) -> Ending {
    let action = spec.action.rawValue
    var message = spec.replicas > 1 ? "The program of replica \(replica)" : "The program"
    message += " ended \(ends) times in a row"
    message += exitCode.map { ", the last time with exit code \($0)." } ?? "."
    message += " Hint: it ended by itself, and a \(action) needs a program that keeps running: check command and args"
    message += exitCode == 0 ? ", or run it as a job." : "."
    message += lines.isEmpty ? " It wrote nothing." : " The last lines of its log:\n" + lines.joined(separator: "\n")
    return Ending(
      succeeded: false,
      exitCode: exitCode,
      reason: "CrashLoop",
      message: message,
      finishedAt: finishedAt
    )
  }

  /// An image that can't be had.
  static func pullFailure(_ words: String, image: String) -> Ending {
    let lower = words.lowercased()
    var hint = "check the name, and that the registry can be reached"
    if lower.contains("unauthorized") || lower.contains("denied") || lower.contains("authentication") {
      hint = "check the name; a private image needs `podman login` or `docker login` for its registry"
    } else if lower.contains("manifest unknown") || lower.contains("not found") {
      hint = "there is no image of this name and tag in its registry"
    } else if lower.contains("connection refused") || lower.contains("no such host") || lower.contains("timeout") {
      hint = "the registry can't be reached from this machine"
    }
    return Ending(
      succeeded: false,
      exitCode: nil,
      reason: "ImagePull",
      message: "The image \(image) can't be pulled: \(words) (\(hint))"
    )
  }
}
