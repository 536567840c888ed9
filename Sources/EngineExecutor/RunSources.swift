import FoundationEssentials
import HTTP
import JSON
import Model
import Platform
import Sources

/// Fetches the sources of runs on this machine.
struct RunSources: Sendable {
  private let environment: [String: String]
  private let workspace: SourceWorkspace
  private let transport: HTTPTransport

  init(_ configuration: EngineConfiguration) {
    environment = configuration.environment
    workspace = SourceWorkspace(directory: configuration.stateDirectory + "/dh-sidecar/sources")
    transport = HTTPTransport(HTTPConfiguration(environment: environment))
  }

  /// Removes what processes that are gone have left.
  func sweep() async { await workspace.removeAbandoned() }

  func shutdown() async {
    await transport.shutdown()
    workspace.close()
  }

  /// Holds archives while they are sent.
  var temporaryDirectory: String {
    environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
  }

  /// The files of the run's source; nil where its function has none. `discard` them afterwards. Throws a `SourceError`,
  /// or `CancellationError`.
  func fetch(_ execution: Execution) async throws -> FetchedSource? {
    guard let request = try Self.request(execution.spec) else { return nil }
    return try await SourceFetcher(workspace, transport: transport).fetch(request, variables: variables(execution))
  }

  /// The sidecar's environment with the run's own credentials over it, whole sets of them. Nothing else of a run's
  /// variables: they are the container's, and must not steer what runs on this machine.
  private func variables(_ execution: Execution) -> [String: String] {
    let git: Set = ["GIT_TOKEN", "GIT_USERNAME", "GIT_PASSWORD"]
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    var own: [String: String] = [:]
    for env in execution.spec.envs { own[env.name] = env.value }
    own.merge(execution.secretValues) { $1 }
    own = own.filter { name, _ in
      git.contains(name) || ["AWS_", "S3_"].contains { name.uppercased().hasPrefix($0) }
    }
    var variables = environment
    if own.keys.contains(where: git.contains) { for name in git { variables[name] = nil } }
    if own.keys.contains(where: { $0.uppercased() == keys[0] }) {
      for name in keys + keys.map({ $0.lowercased() }) { variables[name] = nil }
    }
    return variables.merging(own) { $1 }
  }

  /// What is to be fetched, from the spec alone; nil where it names no source.
  static func request(_ spec: WorkloadSpec) throws(SourceError) -> SourceFetcher.Request? {
    let name = InlineSource.fileName(lang: spec.lang)
    if let code = spec.code { return .inline(name: name, contents: Array(code.utf8)) }
    if let base64 = spec.base64 {
      guard let data = Data(base64Encoded: base64.filter { !$0.isWhitespace }) else {
        throw SourceError("`base64` is not in base64", hint: "encode the source with `base64 -w0`")
      }
      return .inline(name: name, contents: Array(data))
    }
    guard let text = spec.codeSource else { return nil }
    return .uri(try PinnedSource(text), name: name)
  }

  /// The function's spec with a local `code_src` made absolute: another sidecar, started elsewhere, may take the run up.
  func settled(_ function: JSONObject) throws(SourceError) -> JSONObject {
    guard let text = function["code_src"]?.stringValue, case .local(let path) = try CodeSource(text) else {
      return function
    }
    var function = function
    let directory = FileManager.default.currentDirectoryPath
    let absolute = try LocalPath.absolute(path, directory: directory, home: environment["HOME"])
    function["code_src"] = .string(absolute)
    return function
  }
}
