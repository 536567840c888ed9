import Glibc
import Model
import Platform

/// Reads a build's log, page by page. A cursor is `b1.` and the file's offset.
struct BuildLogReader {
  private static let patience = Duration.milliseconds(100)
  private static let pieceBytes = 128 << 10

  let log: BuildLog

  private struct Line {
    var entry: LogEntry?
    /// Behind it in the file.
    var end: Int
  }

  /// With `follow` it waits for the first new entry until the task is cancelled or the build has ended.
  func page(_ query: LogQuery) async throws -> LogPage {
    var offset = try query.after.map(Self.offset) ?? 0
    while true {
      let lines = read(from: offset)
      let page = Self.page(lines, from: offset, query)
      let isOver = lines.last.map { $0.entry == nil } ?? endsHere(offset)
      guard query.follow, page.entries.isEmpty, !isOver else { return page }
      offset = lines.last?.end ?? offset
      try await Task.sleep(for: Self.patience)
    }
  }

  /// Some of the entries from an offset on, and the offset behind them; the same offset where there is nothing new.
  func batch(from offset: Int) -> (batch: LogBatch, end: Int) {
    var limit = Self.pieceBytes
    while true {
      let lines = read(from: offset, limit: limit)
      var batch = LogBatch()
      for line in lines { if let entry = line.entry { batch.append(entry, cursor: "b1.\(line.end)") } }
      if let end = lines.last?.end { return (batch, end) }
      // A line may be longer than a piece.
      guard bytes(from: offset, limit: limit).count == limit else { return (batch, offset) }
      limit *= 2
    }
  }

  /// The last entries that are there now, each with its place, and the place before the first of them.
  func last(_ count: Int) throws -> (start: String, batch: LogBatch) {
    let lines = read(from: 0)
    let entries = lines.filter { $0.entry != nil }
    var batch = LogBatch()
    for line in entries.suffix(count) { if let entry = line.entry { batch.append(entry, cursor: "b1.\(line.end)") } }
    let before = count == 0 ? lines.last : entries.dropLast(count).last
    return ("b1.\(before?.end ?? 0)", batch)
  }

  /// The ids of images that its attempts have made.
  func images() -> [String] {
    bytes(from: 0).split(separator: UInt8(ascii: "\n")).compactMap { line in
      let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1].elementsEqual("x".utf8), !parts[2].isEmpty else { return nil }
      return String(decoding: parts[2], as: UTF8.self)
    }
  }

  private static func page(_ lines: [Line], from offset: Int, _ query: LogQuery) -> LogPage {
    var chosen = lines.filter { line in
      guard let since = query.since, query.after == nil, let entry = line.entry else { return true }
      return entry.timestamp >= since
    }
    let end = chosen.last?.end ?? lines.last?.end ?? offset
    if let tail = query.tail, query.after == nil {
      chosen = chosen.filter { $0.entry != nil }.suffix(min(max(tail, 0), query.limit))
      return LogPage(entries: chosen.compactMap(\.entry), cursor: "b1.\(end)")
    }
    var entries: [LogEntry] = []
    var bytes = 0
    var reached = offset
    for line in chosen {
      guard entries.count < query.limit, bytes < LogReader.pageBytes else { break }
      reached = line.end
      guard let entry = line.entry else { continue }
      entries.append(entry)
      bytes += entry.text.utf8.count
    }
    return LogPage(entries: entries, cursor: "b1.\(entries.isEmpty ? end : reached)")
  }

  static func offset(_ cursor: String) throws -> Int {
    guard cursor.hasPrefix("b1."), let offset = Int(cursor.dropFirst(3)), offset >= 0 else {
      let message = "`after` is none that getRunLogs gave for a build."
      throw SidecarError(
        .invalidParams,
        "Invalid params: " + message,
        faults: [Fault(pointer: "/after", rule: "cursor", message: message, hint: "Pass its `cursor`.")]
      )
    }
    return offset
  }

  /// Whole lines only: the last one may be half written.
  private func read(from offset: Int, limit: Int = .max) -> [Line] {
    let bytes = self.bytes(from: offset, limit: limit)
    var lines: [Line] = []
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(Self.line(bytes[start..<end], end: offset + end + 1))
      start = end + 1
    }
    return lines
  }

  private static func line(_ bytes: ArraySlice<UInt8>, end: Int) -> Line {
    let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let time = Int64(String(decoding: parts[0], as: UTF8.self)),
      parts[1].first != UInt8(ascii: "x")
    else { return Line(entry: nil, end: end) }
    let entry = LogEntry(
      timestamp: Timestamp(nanoseconds: time),
      stream: parts[1].first == UInt8(ascii: "e") ? .stderr : .stdout,
      container: "build",
      text: String(decoding: parts[2], as: UTF8.self)
    )
    return Line(entry: entry, end: end)
  }

  /// Whether the line that ends at this offset is an attempt's end.
  private func endsHere(_ offset: Int) -> Bool {
    let bytes = self.bytes(from: max(0, offset - 64))
    guard let last = bytes.dropLast().split(separator: UInt8(ascii: "\n")).last else { return false }
    return last.split(separator: UInt8(ascii: " ")).dropFirst().first == [UInt8(ascii: "x")]
  }

  /// Empty where there is no file (yet).
  private func bytes(from offset: Int, limit: Int = .max) -> [UInt8] {
    let descriptor = open(log.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, Int(information.st_size) > offset else { return [] }
    let size = min(Int(information.st_size) - offset, limit)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = pread(descriptor, buffer.baseAddress?.advanced(by: count), size - count, off_t(offset + count))
        guard got > 0 else { return }
        count += got
      }
    }
  }
}
