import Foundation
import Testing

/// The Python that has moto and botocore: `DH_TEST_PYTHON`, else python3. Tests/run sees to it that there is one.
enum Python {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static let executable = ProcessInfo.processInfo.environment["DH_TEST_PYTHON"] ?? "python3"

  static func process(_ arguments: [String]) -> (process: Process, input: Pipe, output: Pipe) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [executable] + arguments
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    return (process, input, output)
  }

  static func script(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).path
  }

  /// What it prints.
  @discardableResult
  static func run(_ arguments: [String], input text: Data = Data()) async throws -> Data {
    try await offPool { try runBlocking(arguments, text) }
  }

  /// On a thread of its own: the pool has as many threads as the machine has cores, and other tests wait for them.
  static func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try body() }) }.start()
    }
  }

  private static func runBlocking(_ arguments: [String], _ text: Data) throws -> Data {
    let (process, input, output) = process(arguments)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: text)
    try input.fileHandleForWriting.close()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        description: "\(executable) \(arguments.first ?? "") failed; it needs moto, flask and flask-cors (Tests/run)"
      )
    }
    return printed
  }
}
