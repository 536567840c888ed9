import Build
import HTTP
import JSON
import Model
import Platform

/// Carries out one build to its end: sends the context, reads the builder's words, pushes where that is asked for.
struct ImageBuilder {
  /// How many of a step's last lines go into the message of a failure.
  private static let keptLines = 5

  let client: EngineClient
  let auth: RegistryAuth
  let plan: BuildPlan
  let log: BuildLog.Writer
  var redaction = Redaction([:])
  let progress: @Sendable (Progress) -> Void

  /// Throws where the engine goes away meanwhile, and on cancellation, which closes the connection: Docker ends the
  /// step that runs, Podman carries it to its end, and neither goes on.
  func build(_ context: BuildContext) async throws -> Ending {
    let since = Timestamp.now()
    var report = Report()
    var ending = try await result(context, &report)
    ending.startedAt = since
    ending.finishedAt = Timestamp.now()
    if !ending.succeeded { log.append(ending.message, isError: true) }
    log.end(image: report.image)
    return ending
  }

  private func result(_ context: BuildContext, _ report: inout Report) async throws -> Ending {
    let response = try await client.upload(plan.call, context.tar, headers: registries)
    guard response.isSuccess else {
      let words = EngineReply(status: response.status, body: try await response.body()).message
      return EndingClassifier.buildFailure(words, exitCode: nil, step: nil, output: [])
    }
    var splitter = LineSplitter()
    var stream = BuildStream()
    try await response.forEachChunk { chunk in
      for line in splitter.lines(adding: chunk) { take(stream.read(line), &report) }
      return true
    }
    if let rest = splitter.rest() { take(stream.read(rest), &report) }
    take(stream.rest(), &report)
    if let failure = report.failure { return failure }
    guard let id = report.image else {
      return EndingClassifier.buildFailure("the engine named no image at the end", exitCode: nil, step: nil, output: [])
    }
    return try await finished(id, steps: report.steps)
  }

  private func finished(_ id: String, steps: Int) async throws -> Ending {
    progress(Progress(message: "Built \(plan.tag)", done: steps, total: steps, unit: "steps"))
    var digest = id
    if let push = plan.push {
      switch try await ImagePusher(client: client, auth: auth).push(plan.tag, push, progress: progress) {
      case .failed(let ending): return ending
      case .pushed(let pushed):
        digest = pushed ?? id
        log.append("Pushed \(plan.tag), \(digest)", isError: false)
      }
    }
    var ending = Ending(
      succeeded: true,
      exitCode: 0,
      reason: "Completed",
      message: "The image \(plan.tag) is built."
    )
    ending.image = BuiltImage(name: plan.tag, digest: digest)
    return ending
  }

  /// What the stream has told so far.
  private struct Report {
    var step: String?
    var steps = 0
    var output: [String] = []
    var image: String?
    var failure: Ending?
  }

  private func take(_ events: [BuildStream.Event], _ report: inout Report) {
    for event in events {
      switch event {
      case .step(let number, let total, let instruction):
        report.step = "\(number)/\(total) (\(instruction))"
        report.steps = total
        report.output = []
        progress(
          Progress(
            message: "Step \(number)/\(total): \(instruction)",
            done: number - 1,
            total: total,
            unit: "steps"
          )
        )
      case .line(let line, let isError):
        let text = redaction.redacted(line)
        log.append(text, isError: isError)
        if Self.isOutput(text) { report.output = (report.output + [text]).suffix(Self.keptLines) }
      case .status(let text, let done, let total):
        progress(Progress(message: text, done: done, total: total, unit: done == nil ? nil : "bytes"))
      case .image(let id): report.image = id
      case .failure(let words, let exitCode):
        report.failure = EndingClassifier.buildFailure(
          redaction.redacted(words),
          exitCode: exitCode,
          step: report.step,
          output: report.output
        )
      }
    }
  }

  /// Not the builder's own remarks.
  private static func isOutput(_ line: String) -> Bool {
    let own = ["Step ", "STEP ", " --->", "--> ", "Removing intermediate container "]
    return !line.isEmpty && !own.contains { line.hasPrefix($0) }
  }

  /// Credentials for whatever a whole Dockerfile starts from; base images that a parameter names are there already.
  private var registries: [(name: String, value: String)] {
    guard plan.base == nil, let value = auth.allHeader() else { return [] }
    return [(name: "X-Registry-Config", value: value)]
  }
}
