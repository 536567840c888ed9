internal import Crypto
internal import FoundationEssentials
internal import JSON
internal import Model
internal import Platform
internal import Sources

/// A container file on its way to a platform.
///
/// A version's id follows from what the file says of the function, and a run's key from that version, the run's name and
/// its params: so the same file finds what it made before, after a restart, from another machine, and on Core.
struct Application: Sendable {
  let file: ContainerFile
  let project: String
  /// Where a relative `code_src` begins.
  let folder: String
  let platform: any Platform

  /// `{project, function, runs: {NAME: run}, warnings?}`. Throws before anything is made where any of it is refused.
  func carriedOut() async throws -> JSONObject {
    let version = try await version()
    let drafts = file.runs.map { run in (run, runDraft(run, version: version.id)) }
    try await check(drafts, of: version.exists ? nil : version.draft)

    let function = try await made(version)
    var runs: JSONObject = [:]
    var warnings = file.warnings
    for (run, draft) in drafts {
      do {
        let entity = try await platform.run(draft)
        runs[run.name] = .object(entity.json)
        warnings += placed(entity.status["warnings"], of: run)
      } catch let error as SidecarError {
        throw told(error, of: run)
      }
    }
    var result: JSONObject = ["project": .string(project), "function": .object(function.json), "runs": .object(runs)]
    var seen: Set<Warning> = []
    warnings = warnings.filter { seen.insert($0).inserted }
    if !warnings.isEmpty { result["warnings"] = .array(warnings.map { .object($0.json) }) }
    return result
  }

  // MARK: The function

  private struct Version {
    var id: String
    var exists: Bool
    var draft: FunctionDraft
  }

  /// What createFunction would be asked for, and a digest of all that makes a version.
  private func functionDraft() async throws -> (draft: FunctionDraft, content: String) {
    var draft = FunctionDraft(project: project, functionParams: file.function)
    var content = file.function
    if let source = try await localSource(draft.spec) {
      draft.spec["code_src"] = .string(source.path)
      content["code_src"] = [.string(source.path), .string(source.fingerprint)]
    }
    return (draft, Self.digest(.object(content)))
  }

  /// Where the source is on this machine: its absolute path, and a fingerprint of what is there now.
  private func localSource(_ spec: JSONObject) async throws -> (path: String, fingerprint: String)? {
    guard let text = spec["code_src"]?.stringValue else { return nil }
    do {
      guard case .local(let written) = try CodeSource(text) else { return nil }
      let home = ProcessInfo.processInfo.environment["HOME"]
      let path = try LocalPath.absolute(written, directory: folder, home: home)
      return (path, try await LocalSource.read(path).fingerprint)
    } catch let error as SourceError {
      let pointer = "/function/code_src"
      throw SidecarError.faults([
        Fault(pointer: pointer, rule: "code_source", message: error.message, hint: error.hint)
      ])
    }
  }

  /// How often the same content may come back after another one, and still be known again.
  private static let generations = 1000

  /// The version that says what the file says: the latest one, if it does; else one that is to be made. One of before
  /// that others came after, or that has been changed in place, is not brought back: `generation` makes another id.
  private func version() async throws -> Version {
    var (draft, content) = try await functionDraft()
    func id(_ generation: Int) -> String {
      EntityID.forIdempotencyKey("apply \(content) \(generation)", project: project)
    }
    if let latest = try await found(.latest(name: draft.name)),
      let known = (0..<Self.generations).lazy.map(id).first(where: { latest.id == $0 || isOfBuild(latest, of: $0) }),
      let function = latest.id == known ? latest : try await found(.version(id: known)),
      platform.says(function, draft)
    {
      return Version(id: known, exists: true, draft: draft)
    }
    var generation = 0
    while generation < Self.generations, try await found(.version(id: id(generation))) != nil { generation += 1 }
    // Beyond, a version that nobody finds again by what it says.
    let new = generation < Self.generations ? id(generation) : EntityID.generate()
    draft.id = new
    return Version(id: new, exists: false, draft: draft)
  }

  /// Whether a build of that version has made this one.
  private func isOfBuild(_ function: Entity, of version: String) -> Bool {
    file.runs.contains { run in
      guard run.action == .build, let key = runDraft(run, version: version).idempotencyKey else { return false }
      return platform.version(madeByRun: EntityID.forIdempotencyKey(key, project: project), project: project)
        == function.id
    }
  }

  private func found(_ target: FunctionReference.Target) async throws -> Entity? {
    do {
      return try await platform.getFunction(FunctionReference(project: project, target: target))
    } catch let error as SidecarError where error.code == .functionNotFound {
      return nil
    }
  }

  private func made(_ version: Version) async throws -> Entity {
    let reference = FunctionReference(project: project, target: .version(id: version.id))
    guard !version.exists else { return try await platform.getFunction(reference) }
    do {
      return try await platform.createFunction(version.draft)
    } catch let error as SidecarError where error.code == .alreadyExists {
      // Another sidecar applies the same file.
      return try await platform.getFunction(reference)
    }
  }

  // MARK: The runs

  private func runDraft(_ run: ContainerFile.Run, version: String) -> RunDraft {
    var params = run.params
    let reference = FunctionReference(project: project, target: .version(id: version))
    let spec = JSONObject(RunParameters.spec.compactMap { each in params[each.name].map { (each.name, $0) } })
    var draft = RunDraft(project: project, function: reference, action: run.action, spec: spec)
    params["action"] = .string(run.action.rawValue)
    draft.idempotencyKey = "apply \(run.name) \(version) \(Self.digest(.object(params)))"
    draft.name = run.name
    draft.description = run.params["description"]?.stringValue
    draft.labels = run.params["labels"]?.arrayValue?.compactMap(\.stringValue) ?? []
    let pointer = ContainerFile.pointer(ofRun: run.name)
    draft.warnings = file.warnings.filter { $0.pointer.hasPrefix(pointer + "/") }.map { warning in
      Warning(
        pointer: String(warning.pointer.dropFirst(pointer.count)),
        code: warning.code,
        message: warning.message
      )
    }
    return draft
  }

  /// All that the platform refuses, of all runs.
  private func check(_ drafts: [(ContainerFile.Run, RunDraft)], of function: FunctionDraft?) async throws {
    var errors: [SidecarError] = []
    for (run, draft) in drafts {
      do {
        try await platform.check(draft, of: function)
      } catch let error as SidecarError {
        errors.append(told(error, of: run))
      }
    }
    guard var first = errors.first else { return }
    if errors.contains(where: { $0.code != first.code }) { first.code = .invalidParams }
    var seen: Set<Fault> = []
    first.faults = errors.flatMap(\.faults).filter { seen.insert($0).inserted }
    throw first
  }

  /// With pointers into the document.
  private func told(_ error: SidecarError, of run: ContainerFile.Run) -> SidecarError {
    var error = error
    error.message = "\(run.name): \(error.message)"
    error.faults = error.faults.map { fault in
      Fault(
        pointer: file.pointer(fault.pointer, ofRun: run),
        rule: fault.rule,
        message: fault.message,
        hint: fault.hint
      )
    }
    if error.faults.isEmpty {
      let pointer = ContainerFile.pointer(ofRun: run.name)
      error.faults = [Fault(pointer: pointer, rule: error.code.name, message: error.message, hint: error.hint)]
    }
    return error
  }

  private func placed(_ warnings: JSONValue?, of run: ContainerFile.Run) -> [Warning] {
    (warnings?.arrayValue ?? []).compactMap { warning in
      guard let pointer = warning["pointer"]?.stringValue, let code = warning["code"]?.stringValue else { return nil }
      return Warning(
        pointer: file.pointer(pointer, ofRun: run),
        code: code,
        message: warning["message"]?.stringValue ?? ""
      )
    }
  }

  private static func digest(_ value: JSONValue) -> String {
    EntityID.hex(Array(SHA256.hash(data: value.serialized(.canonical))))
  }
}
