import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Fetches one commit of a repository by git itself, into an empty folder. git reads no configuration but ours, runs no
/// hooks and no filters, asks nobody, and speaks only the protocol of the URI. Submodules are not fetched. Everything
/// here blocks.
struct GitFetch {
  let source: GitSource
  /// GIT_TOKEN, or GIT_USERNAME and GIT_PASSWORD, for this host alone; PATH, HOME, proxies and the like.
  let variables: [String: String]
  let limits: SourceLimits
  let cancellation: BlockingThread.Cancellation
  /// What the commit holds, as far as it has been counted.
  private let contents = Contents()

  private final class Contents {
    private(set) var files = 0
    private(set) var bytes = 0

    func add(_ size: Int) {
      files += 1
      bytes += size
    }
  }

  init(
    source: GitSource,
    variables: [String: String],
    limits: SourceLimits,
    cancellation: BlockingThread.Cancellation
  ) {
    self.source = source
    self.variables = variables
    self.limits = limits
    self.cancellation = cancellation
  }

  /// `control` is another empty folder, for git's configuration. Throws a `SourceError` with git's own words, or
  /// `CancellationError`.
  func fetch(into folder: String, control: String) throws {
    guard let git = ChildProcess.find("git", path: variables["PATH"]) else {
      throw SourceError(
        "`code_src` is a git repository, and there is no git on PATH",
        hint: "install git, or give the source as a path or an archive"
      )
    }
    let configuration = control + "/gitconfig"
    guard FileManager.default.createFile(atPath: configuration, contents: Data(try gitConfiguration().utf8)) else {
      throw SourceError("git's configuration can't be written to \(control)", hint: "see whether the disk has room")
    }
    let environment = environment(configuration: configuration)
    func run(
      _ arguments: [String],
      _ take: ((Substring) throws -> Void)? = nil
    ) throws -> ChildProcess.Outcome {
      // No file of it, the pack above all, gets larger than all may be: the kernel sees to that.
      try ChildProcess.run(
        "/bin/sh",
        ["-c", "ulimit -f \(limits.totalBytes / 512) 2>/dev/null; exec \"$@\"", "sh", git, "-C", folder] + arguments,
        environment: environment,
        directory: control,
        seconds: limits.fetchSeconds,
        cancellation,
        take: take,
        watch: { try checkSize(of: folder) }
      )
    }
    try require(try run(["init", "-q", "--template="]))
    var fetched = try run(["fetch", "-q", "--depth=1", "--no-tags", "--", source.url, source.ref ?? "HEAD"])
    var revision = "FETCH_HEAD"
    if fetched.status != 0, let ref = source.ref, Self.mayBeCommit(ref), !fetched.isTimeout {
      // A server need not give a commit by its name alone, and gives none by the beginning of it.
      fetched = try run(["fetch", "-q", "--tags", "--", source.url, "+refs/heads/*:refs/remotes/origin/*"])
      revision = ref
    }
    try require(fetched)
    try require(try run(["ls-tree", "-r", "-l", revision + "^{commit}"]) { try checkContents($0) })
    try require(try run(["checkout", "-q", "--force", "--detach", revision + "^{commit}"]))
    try checkSize(of: folder)
  }

  // MARK: What git is told

  private static let passed = [
    "PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "HTTP_PROXY",
    "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
  ]

  private func environment(configuration: String) -> [String: String] {
    var environment = variables.filter { Self.passed.contains($0.key) }
    environment["GIT_CONFIG_NOSYSTEM"] = "1"
    environment["GIT_CONFIG_GLOBAL"] = configuration
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_ALLOW_PROTOCOL"] = source.transport.rawValue
    environment["GIT_ATTR_NOSYSTEM"] = "1"
    // git's words are looked into.
    environment["LC_ALL"] = "C"
    if environment["GIT_SSH_COMMAND"] == nil { environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes" }
    if environment["GIT_SSL_CAINFO"] == nil {
      // As our own connections have it.
      environment["GIT_SSL_CAINFO"] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap {
        variables[$0]
      }.first { !$0.isEmpty }
    }
    if let credential {
      environment["DH_GIT_USERNAME"] = credential.user
      environment["DH_GIT_PASSWORD"] = credential.password
    }
    return environment
  }

  /// Nil where none is given. GIT_TOKEN is a password that servers take with any user's name; GitLab and Core have this.
  var credential: (user: String, password: String)? {
    func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let token = value("GIT_TOKEN") { return (value("GIT_USERNAME") ?? "oauth2", token) }
    guard let user = value("GIT_USERNAME"), let password = value("GIT_PASSWORD") else { return nil }
    return (user, password)
  }

  /// The helper reads the credential from git's own environment, so that no command line and no file has it.
  func gitConfiguration() throws(SourceError) -> String {
    var lines = [
      "[core]", "hooksPath = /dev/null", "fsmonitor = false", "[gc]", "auto = 0", "[maintenance]", "auto = false",
      "[fetch]", "fsckObjects = true", "unpackLimit = 1", "[submodule]", "recurse = false", "[http]",
      "lowSpeedLimit = 1", "lowSpeedTime = 60",
    ]
    switch source.transport {
    // Whose repository it is is the business of the user who named it.
    case .file: lines += ["[safe]", "directory = *"]
    case .ssh: break
    case .https:
      guard let credential else { break }
      guard !(credential.user + credential.password).utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
        throw SourceError("GIT_TOKEN, GIT_USERNAME or GIT_PASSWORD contains a line break", hint: "set it without")
      }
      let host = source.url.dropFirst("https://".count).prefix { !"/?#".contains($0) }
      lines += [
        "[credential \"https://\(host)\"]",
        #"helper = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$DH_GIT_USERNAME\" \"$DH_GIT_PASSWORD\"; }; f""#,
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func mayBeCommit(_ ref: String) -> Bool {
    (4...64).contains(ref.utf8.count) && ref.allSatisfy(\.isHexDigit)
  }

  // MARK: What git says

  /// Its packs and what it has written of them so far.
  private func checkSize(of folder: String) throws {
    let packs = folder + "/.git/objects/pack"
    var size = 0
    for name in (try? FileManager.default.contentsOfDirectory(atPath: packs)) ?? [] {
      var information = stat()
      if stat(packs + "/" + name, &information) == 0 { size += Int(information.st_size) }
    }
    guard size <= limits.totalBytes else { throw tooLarge }
  }

  /// What a checkout would write, before it writes anything: a pack of some bytes may hold files of gigabytes.
  private func checkContents(_ line: Substring) throws {
    // `100644 blob 1c59e93f…     1234\tname`
    let columns = line.prefix { $0 != "\t" }.split(separator: " ")
    guard columns.count == 4, let size = Int(columns[3]) else { return }
    let name = line.dropFirst(line.prefix { $0 != "\t" }.count + 1)
    guard size <= limits.fileBytes else {
      throw SourceError(
        "\(source.uri) is refused: \(name.prefix(300)) is larger than \(SourceLimits.text(limits.fileBytes))",
        hint: tooLarge.hint
      )
    }
    contents.add(size)
    guard contents.bytes <= limits.totalBytes else { throw tooLarge }
    guard contents.files <= limits.entries else {
      throw SourceError(
        "\(source.uri) holds more than \(limits.entries) files",
        hint: "give the source alone: a folder of it, or an archive"
      )
    }
  }

  private var tooLarge: SourceError {
    SourceError(
      "\(source.uri) is larger than \(SourceLimits.text(limits.totalBytes))",
      hint: "keep data out of the source: put it into the image, into S3, or on a volume"
    )
  }

  private func require(_ outcome: ChildProcess.Outcome) throws(SourceError) {
    guard outcome.status != 0 || outcome.isTimeout else { return }
    if outcome.isTimeout {
      throw SourceError(
        "git took longer than \(limits.fetchSeconds) seconds for \(source.uri)",
        hint: "try again later"
      )
    }
    // SIGXFSZ: the limit that it was given.
    let isTooLarge = ["died of signal \(SIGXFSZ)", "File too large", "ile size limit exceeded"].contains {
      outcome.output.contains($0)
    }
    if isTooLarge || outcome.status == 128 + Int(SIGXFSZ) { throw tooLarge }
    throw failure(outcome.output)
  }

  func failure(_ output: String) -> SourceError {
    var words = output.split(whereSeparator: \.isNewline).suffix(5).joined(separator: "; ")
    for secret in [credential?.password, credential?.user].compactMap(\.self) where secret.utf8.count > 3 {
      words = words.replacing(secret, with: "<credential>")
    }
    let (reason, hint) = explanation(output)
    return SourceError("can't fetch \(source.uri): \(reason)", hint: hint, cause: "git: " + words)
  }

  private func explanation(_ output: String) -> (String, String) {
    func says(_ texts: String...) -> Bool { texts.contains { output.contains($0) } }
    if says("couldn't find remote ref", "unknown revision", "did not match any", "no such commit", "not a valid object")
      || (says("upload-pack: not our ref") && source.ref != nil)
    {
      return (
        "it has no branch, tag or commit \(source.ref ?? "HEAD")",
        source.ref == nil ? "push a commit to it, or name a branch after #" : "check what stands after #"
      )
    }
    if says("could not read Username", "Authentication failed", "HTTP Basic: Access denied", "Permission denied (") {
      return (
        credential == nil ? "it wants to know who you are" : "it does not accept the credential",
        source.transport == .ssh
          ? "load the key into an ssh agent (SSH_AUTH_SOCK), or use git+https:// with GIT_TOKEN"
          : "put a token into the project's secret GIT_TOKEN (or GIT_USERNAME and GIT_PASSWORD) and name it in the run's "
            + "`secrets`, or set it in dh-sidecar's environment"
      )
    }
    if says("Could not resolve", "Failed to connect", "Connection refused", "timed out", "Network is unreachable") {
      return ("its server can't be reached", "check the host's name and the network; proxies are read from HTTPS_PROXY")
    }
    if says("certificate", "SSL") {
      return ("its server is not trusted", "name the PEM file of its authority in GIT_SSL_CAINFO")
    }
    if says("Host key verification failed") {
      return ("its server's key is not known", "add it to ~/.ssh/known_hosts, for example by ssh-keyscan")
    }
    if says("not found", "does not appear to be a git repository", "does not exist", "returned error: 404") {
      return ("there is no such repository", "check the URI; a private repository needs a credential (GIT_TOKEN)")
    }
    return ("git failed", "`cause` has git's own words")
  }
}
