import Foundation
import HTTP
import Testing

@testable import Sources

/// One S3 server for all tests of this process (s3_server.py), which ends with it.
actor S3Server {
  struct Answer: Decodable {
    let endpoint: String
    let bucket: String
    let access_key: String
    let secret_key: String
    let region: String
    let temporary: Temporary

    struct Temporary: Decodable {
      let access_key: String
      let secret_key: String
      let token: String
    }

    /// What a DigitalHub server would hand out for it.
    var variables: [String: String] {
      [
        "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key, "DHCORE_DEFAULT_FILES_STORE": "s3://\(bucket)/files",
      ]
    }
  }

  static let shared = S3Server()

  /// Credentials for a while, which a token belongs to.
  static func temporary() async throws -> [String: String] {
    let temporary = try await shared.start().temporary
    return [
      "AWS_ACCESS_KEY_ID": temporary.access_key, "AWS_SECRET_ACCESS_KEY": temporary.secret_key,
      "AWS_SESSION_TOKEN": temporary.token,
    ]
  }

  /// The server's process, whose pipes keep it alive.
  private final class Running: @unchecked Sendable {
    let started = Python.process([Python.script("s3_server.py")])

    func launch() throws -> Answer {
      started.process.standardError = FileHandle.nullDevice
      try started.process.run()
      var line = Data()
      while !line.contains(UInt8(ascii: "\n")) {
        let more = started.output.fileHandleForReading.availableData
        guard !more.isEmpty else {
          throw Python.Failure(
            description: "no S3 server: \(Python.executable) needs moto, flask and flask-cors (Tests/run)"
          )
        }
        line += more
      }
      return try JSONDecoder().decode(Answer.self, from: line)
    }
  }

  private let running = Running()
  private var starting: Task<Answer, any Error>?

  func start() async throws -> Answer {
    if let starting { return try await starting.value }
    let task = Task { [running] in try await Python.offPool { try running.launch() } }
    starting = task
    return try await task.value
  }

  /// A client of it, with its variables changed.
  static func client<Result: Sendable>(
    _ changes: [String: String] = [:],
    _ body: (S3Client, [String: String]) async throws -> Result
  ) async throws -> Result {
    let variables = try await shared.start().variables.merging(changes) { $1 }
    let transport = HTTPTransport()
    do {
      let result = try await body(S3Client(try S3Store(variables), transport: transport), variables)
      await transport.shutdown()
      return result
    } catch {
      await transport.shutdown()
      throw error
    }
  }
}
