#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A program that is run to its end. Its stdin is empty; it is a process group of its own, which is ended as a whole.
/// Everything here blocks.
enum ChildProcess {
  struct Outcome {
    /// The exit code; 128 and the signal's number where one ended it.
    let status: Int
    /// The end of what it wrote to stdout and stderr.
    let output: String
    /// It took longer than it may, and was ended.
    let isTimeout: Bool
  }

  private static let outputLimit = 32 << 10

  /// The program's path, by PATH's folders; nil where there is none.
  static func find(_ name: String, path: String?) -> String? {
    (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { $0 + "/" + name }
      .first { access($0, X_OK) == 0 }
  }

  /// `environment` is all that it gets; `directory` holds its output meanwhile. `watch` is called five times a second;
  /// what it throws ends the program, as a cancellation does. `take` gets every line of the output, at the end of a
  /// program that succeeded. Throws a `SourceError` where it can't be started.
  static func run(
    _ program: String,
    _ arguments: [String],
    environment: [String: String],
    directory: String,
    seconds: Int,
    _ cancellation: BlockingThread.Cancellation,
    take: ((Substring) throws -> Void)? = nil,
    watch: () throws -> Void = {}
  ) throws -> Outcome {
    // A file, not a pipe: whatever else is started at this moment can't hold its other end open.
    let output = try TemporaryFile.open(in: directory)
    defer { close(output) }
    let process = try spawn(program, arguments, environment, output: output)
    let start = ContinuousClock.now
    var watched = start
    var isTimeout = false
    var pause: useconds_t = 500
    do {
      while true {
        if let status = try status(of: process) {
          if status == 0, let take { try forEachLine(of: output, cancellation, take) }
          return Outcome(status: status, output: end(of: output), isTimeout: isTimeout)
        }
        try cancellation.check()
        let now = ContinuousClock.now
        if now - watched > .milliseconds(200) {
          watched = now
          try watch()
        }
        if !isTimeout, now - start > .seconds(seconds) {
          isTimeout = true
          kill(-process, SIGKILL)
        }
        usleep(pause)
        pause = min(pause * 2, 20_000)
      }
    } catch {
      kill(-process, SIGKILL)
      waitpid(process, nil, 0)
      throw error
    }
  }

  /// Nil while it runs.
  private static func status(of process: pid_t) throws(SourceError) -> Int? {
    var status: CInt = 0
    let ended = waitpid(process, &status, WNOHANG)
    guard ended != 0, ended > 0 || errno != EINTR else { return nil }
    guard ended > 0 else { throw failure("git", errno) }
    let signal = status & 0x7f
    return signal == 0 ? Int((status >> 8) & 0xff) : 128 + Int(signal)
  }

  private static func forEachLine(
    of file: CInt,
    _ cancellation: BlockingThread.Cancellation,
    _ take: (Substring) throws -> Void
  ) throws {
    var rest: [UInt8] = []
    var offset = 0
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      try cancellation.check()
      let count = pread(file, &buffer, buffer.count, off_t(offset))
      guard count > 0 else { break }
      offset += count
      rest += buffer[..<count]
      guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
      for line in String(decoding: rest[..<end], as: UTF8.self).split(separator: "\n") { try take(line) }
      rest.removeSubrange(...end)
    }
    if !rest.isEmpty { try take(Substring(String(decoding: rest, as: UTF8.self))) }
  }

  private static func end(of file: CInt) -> String {
    let size = TemporaryFile.size(file)
    var bytes = [UInt8](repeating: 0, count: outputLimit)
    let count = pread(file, &bytes, bytes.count, off_t(max(0, size - outputLimit)))
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private static func spawn(
    _ program: String,
    _ arguments: [String],
    _ environment: [String: String],
    output: CInt
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // The sidecar ignores it, and a program that inherits that doesn't notice that nobody reads any more.
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
    )
    let words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0.key + "=" + $0.value) } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, program, &actions, &attributes, words, variables)
    guard status == 0 else { throw failure(program, status) }
    return process
  }

  private static func failure(_ program: String, _ code: CInt) -> SourceError {
    SourceError("can't start \(program)", cause: String(cString: strerror(code)))
  }
}
