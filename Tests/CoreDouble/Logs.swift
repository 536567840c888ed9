import JSON

extension CoreState {
  /// One record per container, with all its text so far, in base64. None before the container runs.
  func logs(of run: Entity) -> [JSONValue] {
    guard let record = run.run, let startedAt = record.startedAt, record.fate.obstacle == nil else { return [] }
    let text = Self.lines(of: record, startedAt: startedAt, pace: options.pace, now: now).map { $0 + "\n" }.joined()
    guard !text.isEmpty else { return [] }
    let status = RunStatus(entity: run, run: record, options: options, now: now)
    // Stable over the run's life, as a row's id is.
    let id = String((run.id + String(repeating: "0", count: 32)).prefix(32).reversed())
    let content = JSONValue.string(Base64.encoded(text.utf8))
    let container: JSONObject = [
      "pod": .string(status.podName), "container": .string(status.containerName),
      "namespace": .string(options.namespace),
    ]
    let created = JSONValue.string(startedAt.instantText)
    guard options.effectiveLogShape != .flat else {
      return [
        [
          "id": .string(id), "run": .string(run.id), "project": .string(run.project), "user": .string(run.user),
          "metadata": ["created": created], "extensions": .object(container), "content": content,
        ]
      ]
    }
    var record13: JSONObject = [
      "id": .string(id), "name": .string(id), "project": .string(run.project), "kind": "log",
      "key": .string("store://\(run.project)/log/log/\(id)"),
      "metadata": ["created": created, "updated": .string(now.instantText), "project": .string(run.project)],
      "spec": ["run": .string(run.id), "timestamp": .integer(Int(startedAt))],
    ]
    var state = container
    state["state"] = "CREATED"
    record13["status"] = .object(state)
    if options.effectiveLogShape == .extended { record13["extensions"] = .object(container) }
    record13["content"] = content
    return [.object(record13)]
  }

  /// The first line comes at once, the last before what ends by itself ends.
  private static func lines(
    of run: RunRecord,
    startedAt: Milliseconds,
    pace: DoubleOptions.Pace,
    now: Milliseconds
  ) -> [String] {
    let log = run.fate.log
    guard !log.isEmpty else { return [] }
    let until = run.endedAt ?? now
    let endsByItself = run.action == "job" || run.action == "build" || run.fate.exitCode != nil
    let duration = endsByItself ? run.fate.running ?? pace.running : pace.line * Milliseconds(log.count)
    return log.enumerated().filter { startedAt + duration * Milliseconds($0.offset) / Milliseconds(log.count) <= until }
      .map(\.element)
  }
}
