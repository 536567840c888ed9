import HTTP
import JSON
import Model
import Platform

/// Pushes a built image to its registry.
struct ImagePusher {
  enum Outcome {
    /// As the registry knows it.
    case pushed(digest: String?)
    case failed(Ending)
  }

  let client: EngineClient
  let auth: RegistryAuth

  /// Reads the push's stream to its end: both engines answer 200 and tell of errors inside.
  func push(_ image: String, _ call: EngineCall, progress: @Sendable (Progress) -> Void) async throws -> Outcome {
    // Docker refuses a push without the header; this is an empty object.
    let credentials = (try? ImageReference(image)).flatMap(auth.header(for:)) ?? "e30="
    progress(Progress(message: "Pushing \(image)"))
    let response = try await client.open(
      call,
      headers: [(name: "X-Registry-Auth", value: credentials)],
      timeout: nil,
      longLived: true
    )
    guard response.isSuccess else {
      let words = EngineReply(status: response.status, body: try await response.body()).message
      return .failed(EndingClassifier.pushFailure(words, image: image))
    }
    var splitter = LineSplitter()
    var failure: String?
    var digest: String?
    func read(_ line: [UInt8]) {
      guard let json = try? JSONValue(parsing: line) else { return }
      if let words = json["error"]?.stringValue, !words.isEmpty { failure = words }
      if let found = json["aux"]?["Digest"]?.stringValue { digest = found }
      guard let status = json["status"]?.stringValue else { return }
      // Podman says it only so: `TAG: digest: sha256:… size: 579`.
      if digest == nil, let range = status.firstRange(of: "digest: sha256:") {
        digest = "sha256:" + status[range.upperBound...].prefix { $0.isHexDigit }
      }
      progress(Progress(transfer: status, json))
    }
    try await response.forEachChunk { chunk in
      for line in splitter.lines(adding: chunk) { read(line) }
      return true
    }
    if let rest = splitter.rest() { read(rest) }
    if let failure { return .failed(EndingClassifier.pushFailure(failure, image: image)) }
    return .pushed(digest: digest)
  }
}
