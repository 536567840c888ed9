import Glibc
import Model
import Synchronization

/// `podman system service` on a private socket. Its name holds our process id, so that two sidecars never share one.
/// It is ended with us; where we are killed, it ends by itself after five idle minutes. Containers outlive it.
final class PodmanService: Sendable {
  let socket: String
  private let log: String
  private let process: pid_t
  private let ended = Mutex(false)

  private init(socket: String, log: String, process: pid_t) {
    self.socket = socket
    self.log = log
    self.process = process
  }

  static func start(_ configuration: EngineConfiguration) throws -> PodmanService {
    let path = configuration.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let programs: [String] = path.split(separator: ":").map { String($0) + "/podman" }
    guard let program = programs.first(where: { access($0, X_OK) == 0 }) else {
      throw SidecarError(.engineUnavailable, "no podman on PATH")
    }
    let runtime = configuration.environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 }
    let directory = (runtime ?? configuration.stateDirectory) + "/dh-sidecar"
    for end in directory.indices.dropFirst() where directory[end] == "/" { mkdir(String(directory[..<end]), 0o700) }
    mkdir(directory, 0o700)
    chmod(directory, 0o700)
    let socket = "\(directory)/podman-\(getpid()).sock"
    let log = "\(directory)/podman-\(getpid()).log"
    unlink(socket)
    guard socket.utf8.count < 108 else {
      throw SidecarError(.engineUnavailable, "the path \(socket) is too long for a socket: set XDG_RUNTIME_DIR")
    }
    return PodmanService(socket: socket, log: log, process: try spawn(program, socket, log, configuration.environment))
  }

  private static func spawn(
    _ program: String,
    _ socket: String,
    _ log: String,
    _ environment: [String: String]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // POSIX_SPAWN_SETSID (a macro that Swift doesn't see), a session of its own: Ctrl-C in the caller's terminal is not meant for the engine.
    posix_spawnattr_setflags(&attributes, 0x80)
    let words: [String] = [program, "system", "service", "--time=300", "unix://" + socket]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    // CONTAINER_HOST would make podman a remote client of itself.
    let passed: [String] = environment.filter { !["CONTAINER_HOST", "DOCKER_HOST"].contains($0.key) }
      .map { $0.key + "=" + $0.value }
    let variables: [UnsafeMutablePointer<CChar>?] = passed.map { strdup($0) } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, program, &actions, &attributes, arguments, variables)
    guard status == 0 else {
      throw SidecarError(.engineUnavailable, "can't start \(program): \(String(cString: strerror(status)))")
    }
    return process
  }

  /// Whether the process is gone; takes its exit status off the process table.
  var hasEnded: Bool {
    ended.withLock { ended in
      if !ended { ended = waitpid(process, nil, WNOHANG) != 0 }
      return ended
    }
  }

  /// The end of what it wrote.
  var lastWords: String {
    let descriptor = open(log, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  func end() {
    if !hasEnded {
      kill(process, SIGTERM)
      for _ in 0..<50 where !hasEnded { usleep(10_000) }
      if !hasEnded { kill(process, SIGKILL) }
    }
    unlink(socket)
    unlink(log)
  }
}
