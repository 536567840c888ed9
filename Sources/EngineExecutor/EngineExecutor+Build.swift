import Build
import HTTP
import JSON
import Model
import Platform
import Sources

// Builds, which have no container that an engine would keep: what goes on is in the registry, what was said in a file.
extension EngineExecutor {
  func ensureBuild(
    _ execution: Execution,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> Observation {
    guard let build = try EnginePlanner.plan(execution).build else { return .absent }
    switch await builds.observe(execution.runID) {
    case .running(let since): return .running(since: since)
    case .ended(let ending): return .ended(ending)
    case .absent, .pending: break
    }
    func refused(_ ending: Ending) throws -> Observation {
      let log = try buildLog(execution).begin(build.tag)
      log.append(ending.message, isError: true)
      log.end()
      return .ended(ending)
    }
    if let failure = try await prepare(execution, build, progress) { return try refused(failure) }
    let (fetched, context): (FetchedSource?, BuildContext)
    do {
      (fetched, context) = try await buildContext(execution, build)
    } catch let error as SourceError {
      let words = [error.message, error.cause, error.hint].compactMap(\.self).joined(separator: "; ")
      return try refused(Ending(succeeded: false, exitCode: nil, reason: "SourceError", message: words))
    }
    let log: BuildLog.Writer
    do {
      try Task.checkCancellation()
      log = try buildLog(execution).begin(build.tag)
    } catch {
      await fetched?.discard()
      throw error
    }
    let secrets = execution.spec.secrets.map { (name: $0, value: execution.secretValues[$0] ?? "") }
    return await builds.begin(execution.runID) { [auth] in
      // What was fetched goes with the build, however it ends.
      let result: Result<Ending, any Error>
      do {
        let ending = try await withClient { client in
          let builder = ImageBuilder(
            client: client,
            auth: auth,
            plan: build,
            log: log,
            redaction: Redaction(execution.secretValues),
            progress: progress
          )
          return try await builder.build(context.with(secrets: secrets))
        }
        result = .success(ending)
      } catch {
        // Whoever follows the log is not to wait for what nobody will write.
        log.end()
        result = .failure(error)
      }
      await fetched?.discard()
      return try result.get()
    }
  }

  /// Nil where the builder can begin.
  private func prepare(
    _ execution: Execution,
    _ build: BuildPlan,
    _ progress: @Sendable (Progress) -> Void
  ) async throws -> Ending? {
    try await withClient { client in
      let missing = execution.spec.secrets.filter { execution.secretValues[$0] == nil }
      if !missing.isEmpty {
        return Ending(
          succeeded: false,
          exitCode: nil,
          reason: "SecretNotFound",
          message: "Secrets that the run names are not set: \(missing.joined(separator: ", "))."
        )
      }
      if !execution.spec.secrets.isEmpty, !client.engine.mountsSecrets {
        return Ending(
          succeeded: false,
          exitCode: nil,
          reason: "BuildFailed",
          message: client.engine.secretsRefusal + " " + Engine.secretsHint
        )
      }
      if build.dockerfile?.hasHeredocs == true, !client.engine.buildsHeredocs {
        return Ending(
          succeeded: false,
          exitCode: nil,
          reason: "BuildFailed",
          message:
            "An instruction has a heredoc (<<), which the builder of \(client.engine.description) does not know: "
            + "write the command on lines that are joined by \\ and &&, or bring a script in by the function's source."
        )
      }
      guard let base = build.base else { return nil }
      return try await ImagePuller(client: client, auth: auth)
        .provide(base.image, policy: base.pullPolicy, pull: base.pull, progress: progress)
    }
  }

  /// The function's source, unless it is the Dockerfile itself. Throws a `SourceError`, or `CancellationError`.
  private func buildContext(
    _ execution: Execution,
    _ build: BuildPlan
  ) async throws -> (FetchedSource?, BuildContext) {
    let isText = execution.spec.lang == "dockerfile" && execution.spec.codeSource == nil
    let fetched = isText ? nil : try await sources.fetch(execution)
    let source = fetched.map { fetched in
      BuildSource(
        files: fetched.source.entries.map { entry in
          BuildSource.File(
            name: entry.name,
            contents: .file(path: entry.path, size: entry.size),
            isExecutable: entry.isExecutable
          )
        }
      )
    }
    if let dockerfile = build.dockerfile { return (fetched, BuildContext(dockerfile, source: source)) }
    do {
      return (fetched, try BuildContext(whole: source ?? BuildSource(files: [])))
    } catch {
      await fetched?.discard()
      throw SourceError(error.message, hint: error.hint)
    }
  }

  func buildLog(_ execution: Execution) -> BuildLog {
    BuildLog(folder: buildLogs(of: execution.catalog), runID: execution.runID)
  }

  /// The folder of a catalog's logs: several may share the state folder.
  func buildLogs(of catalog: String) -> String {
    configuration.stateDirectory + "/dh-sidecar/builds" + (catalog.isEmpty ? "" : "/" + catalog)
  }

  /// The image outlives its build; what a failed or stopped one has left goes.
  func removeBuild(_ execution: Execution) async throws {
    await builds.cancel(execution.runID)
    let log = buildLog(execution)
    if let leftovers = try await BuildLeftovers(log) { try await withClient { try await leftovers.remove($0) } }
    await builds.forget(execution.runID)
    log.remove()
  }
}

extension Engine {
  /// Podman's builder shows a file of the context to a step alone and takes it away before it begins (from 4.0); the
  /// builder that Docker's API offers without a BuildKit session can't, and every other way leaves a trace in the image.
  var mountsSecrets: Bool {
    guard let libpodVersion else { return false }
    return libpodVersion.prefix { $0.isNumber }.count > 1 || (libpodVersion.first.map { $0 >= "4" } ?? false)
  }

  var secretsRefusal: String {
    "The builder of \(description) can't show a secret to a build without leaving it in the image."
  }

  static let secretsHint =
    "Build with Podman, or give secrets to the runs of the image only; a private source takes its credentials from "
    + "dh-sidecar's environment."

  /// BuildKit, which the Engine API does not offer without a session, and Podman from 4.5.
  var buildsHeredocs: Bool {
    guard let libpodVersion else { return false }
    let numbers = libpodVersion.split(separator: ".").compactMap { Int($0) }
    return numbers.count > 1 && (numbers[0], numbers[1]) >= (4, 5)
  }

  var description: String { isPodman ? "Podman \(libpodVersion ?? "")" : "Docker (without BuildKit)" }
}
