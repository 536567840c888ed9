import HTTP
import JSON
import Model
import Platform

/// Reads the logs of a run's pods, in the order of time.
struct PodLogReader {
  static let pageBytes = 8 << 20

  let client: KubernetesClient
  let run: ClusterRun

  func page(_ query: LogQuery) async throws -> LogPage {
    let start = try query.after.map { try PodLogCursor(parsing: $0) } ?? PodLogCursor()
    var page = try await read(from: start, query)
    // A long poll: until something new is there, or nothing more can come.
    while query.follow, page.entries.isEmpty, run.pods.map({ PodView($0) }).contains(where: { $0.ending == nil }) {
      try await Task.sleep(for: .milliseconds(300))
      page = try await read(from: start, query)
    }
    return page
  }

  private func read(from start: PodLogCursor, _ query: LogQuery) async throws -> LogPage {
    var lines: [Line] = []
    for pod in run.pods.map({ PodView($0) }) { lines += try await self.lines(pod.name, start, query) }
    // Within a pod the order is that of its log; the sort is by time, and keeps equals as they are.
    let ordered = lines.enumerated().sorted {
      ($0.element.entry.timestamp, $0.offset) < ($1.element.entry.timestamp, $1.offset)
    }.map(\.element)
    let isTail = query.after == nil && query.tail != nil
    let kept = isTail ? ordered.suffix(min(query.tail ?? 0, query.limit)) : ordered.prefix(query.limit)
    var cursor = start
    for line in isTail ? ordered[...] : kept { cursor.move(past: line.entry, of: line.pod) }
    return LogPage(entries: kept.map(\.entry), cursor: cursor.text)
  }

  private struct Line {
    var pod: String
    var entry: LogEntry
  }

  private func lines(_ pod: String, _ start: PodLogCursor, _ query: LogQuery) async throws -> [Line] {
    let place = start.places[pod]
    var path = Resource.pod.path(client.namespace, pod) + "/log?container=\(PodTemplate.container)&timestamps=true"
    path += "&limitBytes=\(Self.pageBytes)"
    if query.after == nil, let tail = query.tail { path += "&tailLines=\(max(tail, 0))" }
    let since = place?.time ?? query.since?.nanoseconds
    // Whole seconds only (metav1.Time): the rest is passed over here.
    if let since { path += "&sinceTime=" + HTTPRequest.percentEncoded(Self.wholeSecond(since)) }
    let response = try await client.open("GET", path, longLived: true)
    guard response.isSuccess else {
      let reply = APIReply(status: response.status, json: try? JSONValue(parsing: try await response.body()))
      // No container yet, or no pod any more.
      if reply.status == 404 || reply.status == 400 { return [] }
      throw reply.refusal("read the log of the pod \(pod)")
    }
    var splitter = LineSplitter()
    var found: [Line] = []
    var seen = 0
    func take(_ bytes: [UInt8]) {
      guard let entry = Self.entry(bytes, pod: pod) else { return }
      let time = entry.timestamp.nanoseconds
      if let since = query.since?.nanoseconds, time < since { return }
      if let place {
        if time < place.time { return }
        if time == place.time {
          seen += 1
          if seen <= place.given { return }
        }
      }
      found.append(Line(pod: pod, entry: entry))
    }
    try await response.forEachChunk { chunk in
      for line in splitter.lines(adding: chunk) { take(line) }
      return true
    }
    if let rest = splitter.rest() { take(rest) }
    return found
  }

  /// `2026-01-31T12:00:00.123456789Z text`
  private static func entry(_ bytes: [UInt8], pod: String) -> LogEntry? {
    guard let space = bytes.firstIndex(of: UInt8(ascii: " ")),
      let time = Timestamp(parsing: String(decoding: bytes[..<space], as: UTF8.self))
    else { return nil }
    let text = String(decoding: bytes[(space + 1)...], as: UTF8.self)
    // The API tells no streams apart.
    return LogEntry(timestamp: time, stream: .stdout, container: pod, text: text)
  }

  private static func wholeSecond(_ time: Int64) -> String {
    Timestamp(nanoseconds: time / 1_000_000_000 * 1_000_000_000).text
  }
}

/// Where a reader stands: per pod, the time of the last entry given and how many of exactly that time were given.
struct PodLogCursor: Hashable {
  struct Place: Hashable {
    var time: Int64
    var given: Int
  }
  var places: [String: Place] = [:]

  init() {}

  /// `k1` and `:POD=TIME.GIVEN` for each pod.
  init(parsing text: String) throws(SidecarError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.first == "k1" else { throw Self.fault }
    for part in parts.dropFirst() {
      let sides = part.split(separator: "=")
      let numbers = sides.last?.split(separator: ".").compactMap { Int64($0) } ?? []
      guard sides.count == 2, numbers.count == 2 else { throw Self.fault }
      places[String(sides[0])] = Place(time: numbers[0], given: Int(numbers[1]))
    }
  }

  var text: String {
    "k1" + places.sorted { $0.key < $1.key }.map { ":\($0.key)=\($0.value.time).\($0.value.given)" }.joined()
  }

  mutating func move(past entry: LogEntry, of pod: String) {
    let time = entry.timestamp.nanoseconds
    let place = places[pod]
    guard time >= place?.time ?? .min else { return }
    places[pod] = Place(time: time, given: time == place?.time ? (place?.given ?? 0) + 1 : 1)
  }

  private static let fault = SidecarError(
    .invalidParams,
    "Invalid params: `after` is none that getRunLogs gave.",
    faults: [
      Fault(
        pointer: "/after",
        rule: "cursor",
        message: "`after` is none that getRunLogs gave.",
        hint: "Pass its `cursor`."
      )
    ]
  )
}
