import Foundation
import JSON
import JSONRPC
import Synchronization
import Testing

/// Echo, sleepers and counters: one handler for all tests of the connection.
final class TestHandler: RequestHandler {
  let order = Mutex<[String]>([])

  func scheduling(of method: String, params: JSONObject) -> Scheduling {
    switch method {
    case "laned", "lanedSleep": .lane(params["lane"]?.stringValue ?? "main")
    case "sleep", "stubborn", "flood", "spawnSleep", "progress", "subscribe": .concurrent
    default: .inline
    }
  }

  func handleInline(_ method: String, params: JSONObject, context: RequestContext) throws -> JSONValue {
    switch method {
    case "echo": return .object(params)
    case "subtract":
      return .integer((params["minuend"]?.integerValue ?? 0) - (params["subtrahend"]?.integerValue ?? 0))
    case "large": return .string(String(repeating: "x", count: params["bytes"]?.integerValue ?? 0))
    case "watch":
      context.watchParent(params["pid"]?.integerValue ?? 0)
      return nil
    case "fail": throw ResponseError(code: 7, message: "failed", data: ["code": "failed"])
    case "surprise": throw Surprise()
    default: throw ResponseError(code: ResponseError.methodNotFoundCode, message: "Method not found")
    }
  }

  func handle(_ method: String, params: JSONObject, context: RequestContext) async throws -> JSONValue {
    let milliseconds = params["ms"]?.integerValue ?? 0
    switch method {
    case "laned":
      // The later calls sleep less: without lanes they would overtake.
      try await Task.sleep(for: .milliseconds(milliseconds))
      order.withLock { $0.append(params["name"]?.stringValue ?? "?") }
    case "stubborn": await Task { try? await Task.sleep(for: .milliseconds(milliseconds)) }.value
    case "flood":
      for number in 0..<(params["count"]?.integerValue ?? 0) {
        try await context.notify("tick", ["n": .integer(number), "pad": .string(String(repeating: "p", count: 1000))])
        order.withLock { $0.append("tick") }
      }
    case "spawnSleep":
      context.spawn { [self] in
        try? await Task.sleep(for: .seconds(60))
        order.withLock { $0.append(Task.isCancelled ? "cancelled" : "slept") }
      }
    case "subscribe":
      let spawns = params["early"] == true ? context.spawn : context.spawnAfterReply
      spawns { [self] in
        var batch = NotificationBatch()
        for number in 0..<3 { batch.append("tick", ["n": .integer(number)]) }
        try? await context.notifyAll(batch)
        order.withLock { $0.append("told") }
      }
      try await Task.sleep(for: .milliseconds(milliseconds))
    case "progress":
      let progress = context.progress(for: params)
      try await progress?.send(.begin, message: "pulling", total: 2, unit: "layers")
      try await progress?.send(.end, done: 2)
    default: try await Task.sleep(for: .milliseconds(milliseconds))
    }
    return .object(params)
  }

  func handleNotification(_ method: String, params: JSONObject, context: RequestContext) async {
    order.withLock { $0.append("notified \(method)") }
  }

  func responseError(for error: any Error) -> ResponseError {
    ResponseError(code: ResponseError.internalErrorCode, message: "internal error")
  }

  struct Surprise: Error {}
}

/// A connection on two pipes with its reader on a thread of its own.
final class TestServer: Sendable {
  let handler = TestHandler()
  let connection: Connection
  let toServer: Int32
  let fromServer: Int32
  private let serverInput: Int32
  private let serverOutput: Int32
  private let code = Mutex<Int32?>(nil)
  private let received = Mutex<[UInt8]>([])
  let warnings: WarningLog

  final class WarningLog: Sendable {
    let lines = Mutex<[String]>([])
  }

  init(limits: ConnectionLimits = ConnectionLimits()) {
    var input: [Int32] = [0, 0]
    var output: [Int32] = [0, 0]
    precondition(pipe(&input) == 0 && pipe(&output) == 0)
    // A process that another test starts must not keep these open.
    for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    let warnings = WarningLog()
    self.warnings = warnings
    (serverInput, toServer) = (input[0], input[1])
    (fromServer, serverOutput) = (output[0], output[1])
    connection = Connection(handler: handler, output: serverOutput, limits: limits) { line in
      warnings.lines.withLock { $0.append(line) }
    }
    Thread.detachNewThread { [self] in
      let result = connection.run(reading: serverInput)
      code.withLock { $0 = result }
      close(serverOutput)
    }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { write(toServer, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      done += count
    }
  }

  func endInput() { close(toServer) }

  /// The next line; nil at the end of the output or after 5 s.
  func line() async -> JSONValue? { await offPool { self.lineBlocking() } }

  private func lineBlocking() -> JSONValue? {
    received.withLock { received in
      while true {
        if let end = received.firstIndex(of: 0x0A) {
          let line = Array(received[..<end])
          received.removeSubrange(...end)
          do { return try JSONValue(parsing: line) } catch {
            Issue.record("\(error): \(String(decoding: line, as: UTF8.self))")
            return nil
          }
        }
        guard fill(&received) else { return nil }
      }
    }
  }

  /// Everything up to the end of the output, or until nothing comes for 5 s.
  func rest() async -> [UInt8] { await offPool { self.restBlocking() } }

  private func restBlocking() -> [UInt8] {
    received.withLock { received in
      while fill(&received) {}
      defer { received = [] }
      return received
    }
  }

  private func fill(_ received: inout [UInt8]) -> Bool {
    var entry = pollfd(fd: fromServer, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 20_000) > 0 else { return false }
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = read(fromServer, &chunk, chunk.count)
    guard count > 0 else { return false }
    received += chunk[..<count]
    return true
  }

  /// The code that `run` returned, waiting up to 5 s for it.
  func exitCode() async -> Int32? { await offPool { self.exitCodeBlocking() } }

  private func exitCodeBlocking() -> Int32? {
    for _ in 0..<500 {
      if let code = code.withLock({ $0 }) { return code }
      usleep(10_000)
    }
    return nil
  }
}

/// Blocking work on a thread of its own: the cooperative pool has few, and the server's calls need them.
func offPool<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: body()) }
  }
}

/// Polls for up to 5 s.
func eventually(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
  await offPool {
    for _ in 0..<1000 {
      if condition() { return true }
      usleep(5000)
    }
    return condition()
  }
}
