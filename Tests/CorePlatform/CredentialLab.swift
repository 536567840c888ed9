import Foundation
import HTTP
import Settings
import Synchronization
import Testing

@testable import CorePlatform

/// What the suites of credentials share: a home directory with its ini file, and a transport that is shut down.
enum CredentialLab {
  /// A home directory for one test.
  final class Home: Sendable {
    let path: String
    var ini: String { path + "/.dhcore.ini" }

    init(ini text: String? = nil) throws {
      path = FileManager.default.temporaryDirectory.path + "/credentials-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      if let text { try write(text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: ini)) }
    func text() throws -> String { String(decoding: try Data(contentsOf: URL(filePath: ini)), as: UTF8.self) }

    func core(_ environment: [String: String]) throws -> Settings.Core {
      try SettingsFile.load(
        environment: environment.merging(["HOME": path]) { given, _ in given },
        options: SettingsOptions(platform: "core")
      ).core
    }
  }

  final class Warnings: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  static func withTransport(_ body: (HTTPTransport) async throws -> Void) async throws {
    let transport = HTTPTransport()
    let result: Result<Void, any Error>
    do {
      try await body(transport)
      result = .success(())
    } catch { result = .failure(error) }
    await transport.shutdown()
    try result.get()
  }

  static func ini(_ url: String, access: String = "old", refresh: String = "refresh-1") -> String {
    """
    # mine
    [DEFAULT]
    current_environment = dev

    [dev]
    dhcore_endpoint = \(url)
    dhcore_issuer = \(url)
    dhcore_client_id = c
    ; tokens
    DHCORE_ACCESS_TOKEN: \(access)
    dhcore_refresh_token = \(refresh)

    [prod]
    dhcore_access_token = other

    """
  }

  static let nothing: @Sendable (String) -> Void = { Issue.record("\($0)") }
}
