import Foundation
import HTTP
import Model
import NIOCore
import Settings
import Synchronization
import Testing

@testable import CorePlatform

/// The ini file has other users: the SDK, dhcli, more sidecars.
@Suite struct CredentialFileTests {
  @Test func anotherHasRefreshedMeanwhile() async throws {
    let server = try await TokenServer.standard()
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      try home.write(CredentialLab.ini(server.url, access: "theirs", refresh: "refresh-1"))
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer theirs")
      #expect(server.requests.map(\.line) == ["GET /api/auth"])
      // That one runs out in its turn, and is no news then.
      #expect(try await authorization.renewed(rejected: "Bearer theirs") == "Bearer access-2")
    }
    try await server.close()
  }

  /// Everybody slept for a night: what another left is out of date too, but not its refresh token.
  @Test func whatAnotherLeftHasExpiredToo() async throws {
    let server = try await TokenServer { request, url in
      switch request.line {
      case "GET /api/auth": TokenServer.Answer(401, "")
      case "POST /auth/token":
        request.body.contains("refresh_token=theirs&")
          ? TokenServer.Answer(200, #"{"access_token": "new"}"#) : TokenServer.Answer(400, "{}")
      default: TokenServer.Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#)
      }
    }
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      try home.write(CredentialLab.ini(server.url, access: "also-old", refresh: "theirs"))
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer new")
      #expect(server.posts.count == 1)
    }
    try await server.close()
  }

  /// The SDK holds no lock: it may use the token up while the sidecar's request is under way.
  @Test func anotherHasUsedTheTokenUp() async throws {
    let home = try CredentialLab.Home()
    let shared = SharedText()
    let server = try await TokenServer { request, url in
      guard request.line == "POST /auth/token" else {
        return TokenServer.Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#)
      }
      try? home.write(shared.text.withLock { $0 })
      return TokenServer.Answer(400, #"{"message": "invalid or missing refresh_token"}"#)
    }
    shared.text.withLock { $0 = CredentialLab.ini(server.url, access: "theirs", refresh: "theirs-too") }
    try home.write(CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer theirs")
    }
    #expect(server.posts.count == 1)
    try await server.close()
  }

  private final class SharedText: Sendable {
    let text = Mutex("")
  }

  /// a13: the end, said with what was tried; and a new login helps without a restart.
  @Test func aRefreshTokenThatHasExpired() async throws {
    let server = try await TokenServer.standard()
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url, refresh: "geheim"))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      for _ in 0..<3 {
        let error = await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer old") }
        #expect(error?.code == .credentialsExpired && error?.message.contains("\(home.ini), line 10") == true)
        #expect(error?.hint?.contains("dhcli login") == true && error?.cause?.contains("refresh_token") == true)
        #expect(!"\(error as Any)".contains("geheim"))
      }
      #expect(server.posts.count == 1)
      try home.write(CredentialLab.ini(server.url, access: "new login", refresh: "x"))
      await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer old") }
      try home.write(CredentialLab.ini(server.url, access: "new-login", refresh: "refresh-1"))
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer new-login")
      #expect(try await authorization.renewed(rejected: "Bearer new-login") == "Bearer access-2")
    }
    try await server.close()
  }

  /// a13 again: where the file's tokens are dead and the environment has others, those are next.
  @Test func theEnvironmentIsNext() async throws {
    let server = try await TokenServer { request, url in
      switch request.line {
      case "GET /api/auth": TokenServer.Answer(request.authorization == "Bearer good" ? 200 : 401, "")
      case "POST /auth/token": TokenServer.Answer(400, "{}")
      default: TokenServer.Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#)
      }
    }
    try await CredentialLab.withTransport { transport in
      let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
      let good = try home.core(["DHCORE_ACCESS_TOKEN": "good", "DHCORE_REFRESH_TOKEN": "r"])
      let authorization = CoreAuthorization(core: good, transport: transport, warn: CredentialLab.nothing)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer good")
      let bad = try home.core(["DHCORE_ACCESS_TOKEN": "bad"])
      let other = CoreAuthorization(core: bad, transport: transport, warn: CredentialLab.nothing)
      let error = await #expect(throws: SidecarError.self) { try await other.renewed(rejected: "Bearer old") }
      #expect(error?.code == .credentialsExpired && error?.message.contains("DHCORE_ACCESS_TOKEN") == true)
    }
    try await server.close()
  }

  // MARK: The file

  @Test func theOldKeysAndALink() async throws {
    let server = try await TokenServer.standard()
    let home = try CredentialLab.Home()
    let real = home.path + "/real.ini"
    try Data("[__default]\naccess_token=old\nrefresh_token=refresh-1\nclient_id=c\nissuer=\(server.url)\n".utf8)
      .write(to: URL(filePath: real))
    try FileManager.default.createSymbolicLink(atPath: home.ini, withDestinationPath: "real.ini")
    try await CredentialLab.withTransport { transport in
      let core = try home.core(["DHCORE_ENDPOINT": server.url])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
    }
    let text = String(decoding: try Data(contentsOf: URL(filePath: real)), as: UTF8.self)
    #expect(text.hasPrefix("[__default]\naccess_token=access-2\nrefresh_token=refresh-2\nclient_id=c\n"), "\(text)")
    #expect(!text.contains("dhcore_"))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: home.ini) == "real.ini")
    try await server.close()
  }

  @Test func aFileThatCannotBeWrittenIsAWarning() async throws {
    let server = try await TokenServer.standard()
    let warnings = CredentialLab.Warnings()
    let environment = [
      "DHCORE_ENDPOINT": server.url, "DHCORE_ISSUER": server.url, "DHCORE_CLIENT_ID": "c",
      "DHCORE_ACCESS_TOKEN": "old", "DHCORE_REFRESH_TOKEN": "refresh-1", "DH_CONFIG": "/proc/none/x.ini",
    ]
    try await CredentialLab.withTransport { transport in
      let core = try CredentialLab.Home().core(environment)
      let authorization = CoreAuthorization(core: core, transport: transport) { warnings.add($0) }
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
      #expect(try await authorization.renewed(rejected: "Bearer access-2") == "Bearer access-3")
    }
    #expect(warnings.all.count == 2)
    #expect(warnings.all.first?.contains("/proc/none/x.ini") == true && warnings.all.first?.contains("used up") == true)
    #expect(!warnings.all.joined().contains("access-2"))
    try await server.close()
  }
}
