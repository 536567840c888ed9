import Build
import HTTP
import JSON
import Model
import Platform

/// Makes an image be there, as the pull policy says.
struct ImagePuller {
  let client: EngineClient
  let auth: RegistryAuth

  /// Nil once the image is there; how it failed otherwise.
  func provide(_ plan: EnginePlan, progress: @Sendable (Progress) -> Void) async throws -> Ending? {
    try await provide(plan.image, policy: plan.pullPolicy, pull: plan.pull, progress: progress)
  }

  func provide(
    _ image: String,
    policy: ImagePullPolicy,
    pull: EngineCall?,
    progress: @Sendable (Progress) -> Void
  ) async throws -> Ending? {
    let isThere = policy == .always ? false : try await exists(image)
    if isThere { return nil }
    guard let pull else {
      return Ending(
        succeeded: false,
        exitCode: nil,
        reason: "ImageNeverPull",
        message: "The image \(image) is not on this machine, and image_pull_policy is Never."
      )
    }
    progress(Progress(message: "Pulling \(image)"))
    guard let words = try await failure(of: pull, image: image, progress: progress) else { return nil }
    return EndingClassifier.pullFailure(words, image: image)
  }

  private func exists(_ image: String) async throws -> Bool {
    let reply = try await client.get("/images/\(EngineCall.encoded(image))/json")
    if reply.isSuccess { return true }
    if reply.status == 404 { return false }
    throw reply.refusal("The engine can't look for the image \(image).")
  }

  /// Reads the pull's stream to its end: Podman answers 200 and tells of errors inside.
  private func failure(
    of pull: EngineCall,
    image: String,
    progress: @Sendable (Progress) -> Void
  ) async throws -> String? {
    var headers: [(name: String, value: String)] = []
    if let reference = try? ImageReference(image), let value = auth.header(for: reference) {
      headers.append((name: "X-Registry-Auth", value: value))
    }
    let response = try await client.open(pull, headers: headers, timeout: nil, longLived: true)
    guard response.isSuccess else {
      return EngineReply(status: response.status, body: try await response.body()).message
    }
    var splitter = LineSplitter()
    var failure: String?
    func read(_ line: [UInt8]) {
      guard let json = try? JSONValue(parsing: line) else { return }
      if let words = json["error"]?.stringValue, !words.isEmpty { failure = words }
      if let status = json["status"]?.stringValue ?? json["stream"]?.stringValue {
        progress(Progress(transfer: status, json))
      }
    }
    try await response.forEachChunk { chunk in
      for line in splitter.lines(adding: chunk) { read(line) }
      return true
    }
    if let rest = splitter.rest() { read(rest) }
    return failure
  }
}

extension Progress {
  /// One message of a pull's or a push's stream: how many bytes of a layer have gone, where it says so.
  init(transfer status: String, _ message: JSONValue) {
    let detail = message["progressDetail"]
    self.init(
      message: status,
      done: detail?["current"]?.integerValue,
      total: detail?["total"]?.integerValue,
      unit: detail?["current"] == nil ? nil : "bytes"
    )
  }
}
