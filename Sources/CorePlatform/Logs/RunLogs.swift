internal import JSON
internal import Model
package import Platform

extension CorePlatform {
  /// Core gives all logs of a run at once and has no stream: `follow` asks again, fast at first.
  package func getRunLogs(_ reference: RunReference, query: LogQuery, timeoutSeconds: Double) async throws -> LogPage {
    let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
    var schedule = PollSchedule()
    while true {
      // Before the logs: what the run writes in between is complete with its end.
      let isOver = try await view(reference).state.isTerminal
      let page = try CoreLogPage.make(try await records(reference), query: query, isOver: isOver)
      guard query.follow, page.entries.isEmpty, !isOver else { return page }
      let pause = Duration.seconds(schedule.next(changed: false, jitter: .random(in: 0...1)))
      guard ContinuousClock.now < deadline else { return page }
      try await Task.sleep(for: min(pause, ContinuousClock.now.duration(to: deadline)))
    }
  }

  func records(_ reference: RunReference) async throws -> [LogRecord] {
    let what = "the logs of run \(reference.id)"
    let answer = try await client.send(spelling: reference.id, what) {
      .context("GET", reference.project, "runs", $0, "logs")
    }
    guard answer.isSuccess else { throw CoreRefusal.error(answer, what, missing: Self.notFound(reference)) }
    // A page in some releases, a plain list in others.
    guard let list = answer.json.arrayValue ?? answer.json["content"]?.arrayValue else {
      throw CoreRefusal.unexpected(answer.json, what)
    }
    return list.compactMap(LogRecord.init).sorted { $0.timestamp < $1.timestamp }
  }
}
