import Foundation
import HTTP
import Model
import NIOCore
import Settings
import Synchronization
import Testing

@testable import CorePlatform

/// Against a real HTTP server and real files. Named after the SDK's recorded traces where there is one.
@Suite struct CredentialTests {
  /// A home directory for one test.
  private final class Home: Sendable {
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

  private final class Warnings: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private func withTransport(_ body: (HTTPTransport) async throws -> Void) async throws {
    let transport = HTTPTransport()
    let result: Result<Void, any Error>
    do {
      try await body(transport)
      result = .success(())
    } catch { result = .failure(error) }
    await transport.shutdown()
    try result.get()
  }

  private func ini(_ url: String, access: String = "old", refresh: String = "refresh-1") -> String {
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

  private static let nothing: @Sendable (String) -> Void = { Issue.record("\($0)") }

  // MARK: Personal access tokens

  /// a11. The result stays in memory.
  @Test func aPersonalAccessTokenIsExchanged() async throws {
    let server = try await TokenServer.standard()
    let home = try Home()
    let core = try home.core([
      "DHCORE_ENDPOINT": server.url, "DHCORE_ISSUER": server.url, "DHCORE_CLIENT_ID": "c",
      "DHCORE_PERSONAL_ACCESS_TOKEN": "dhcp_pat",
    ])
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      #expect(server.requests.isEmpty)
      try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<20 { group.addTask { try await authorization.header() } }
        for try await header in group { #expect(header == "Bearer access-2") }
      }
      #expect(
        server.posts == [
          "client_id=c&subject_token=dhcp_pat&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Apat"
            + "&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&scope=credentials"
        ]
      )
      #expect(try await authorization.renewed(rejected: "Bearer access-2") == "Bearer access-3")
      #expect(!FileManager.default.fileExists(atPath: home.ini))
    }
    try await server.close()
  }

  @Test func aPersonalAccessTokenThatIsRefused() async throws {
    let server = try await TokenServer { request, url in
      request.line.hasPrefix("GET")
        ? TokenServer.Answer(200, #"{"oauth2_token_endpoint": "\#(url)/auth/token", "dhcore_client_id": "k"}"#)
        : TokenServer.Answer(400, #"{"message": "invalid token dhcp_wrong"}"#)
    }
    let core = try Home().core(["DHCORE_ENDPOINT": server.url, "DHCORE_PAT": "dhcp_wrong"])
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      for _ in 0..<3 {
        let error = await #expect(throws: SidecarError.self) { try await authorization.header() }
        #expect(error?.code == .credentialsRejected && error?.message.contains("DHCORE_PAT") == true)
        #expect(error?.cause == "400 invalid token ***")
        #expect(error?.hint?.contains("DHCORE_PERSONAL_ACCESS_TOKEN") == true)
      }
      // Found by Core's own configuration, and not asked again for what it has refused.
      #expect(server.requests.map(\.line) == ["GET /.well-known/configuration", "POST /auth/token"])
      #expect(server.posts.first?.hasPrefix("client_id=k&") == true)
    }
    try await server.close()
  }

  // MARK: Refreshing

  /// a9, with everything else in the file as it was.
  @Test func aRefreshIsWrittenBack() async throws {
    let server = try await TokenServer.standard()
    let before = ini(server.url)
    let home = try Home(ini: before)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: home.ini)
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      #expect(try await authorization.header() == "Bearer old")
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
      #expect(try await authorization.header() == "Bearer access-2")
      // Late with the old one: no request.
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
    }
    #expect(server.requests.map(\.line) == ["GET /.well-known/openid-configuration", "POST /auth/token"])
    #expect(server.posts == ["client_id=c&refresh_token=refresh-1&grant_type=refresh_token&scope=credentials"])
    let expected = before.replacingOccurrences(of: ": old", with: ": access-2")
      .replacingOccurrences(of: "refresh-1\n", with: "refresh-2\ntoken_type = Bearer\nexpires_in = 3600\n")
    #expect(try home.text() == expected)
    #expect(try FileManager.default.attributesOfItem(atPath: home.ini)[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [".dhcore.ini"])
    try await server.close()
  }

  /// a8: without a file there is one afterwards, as the SDK leaves it.
  @Test func tokensOfTheEnvironmentAreKeptToo() async throws {
    let server = try await TokenServer.standard()
    let home = try Home()
    let environment = [
      "DHCORE_ENDPOINT": server.url, "OAUTH2_TOKEN_ENDPOINT": server.url + "/auth/token", "DHCORE_CLIENT_ID": "c",
      "DHCORE_ACCESS_TOKEN": "old", "DHCORE_REFRESH_TOKEN": "refresh-1",
    ]
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core(environment), transport: transport, warn: Self.nothing)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
      #expect(server.requests.count == 1)
      #expect(
        try home.text().hasPrefix(
          "[DEFAULT]\ncurrent_environment = __default\n\n[__default]\ndhcore_access_token = access-2\n"
        )
      )
      // The next process starts with them, though the environment still has the old ones.
      let next = CoreAuthorization(core: try home.core(environment), transport: transport, warn: Self.nothing)
      #expect(try await next.header() == "Bearer access-2")
    }
    try await server.close()
  }

  @Test func aStormOfRejectionsIsOneRefresh() async throws {
    let server = try await TokenServer.standard(delay: .milliseconds(20))
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<100 { group.addTask { try await authorization.renewed(rejected: "Bearer old") } }
        for try await header in group { #expect(header == "Bearer access-2") }
      }
    }
    #expect(server.posts.count == 1)
    try await server.close()
  }

  /// Each with its own actor and its own open file, as two processes have.
  @Test func severalSidecarsAreOneRefresh() async throws {
    let server = try await TokenServer.standard(delay: .milliseconds(20))
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let core = try home.core([:])
      try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<8 {
          let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
          for _ in 0..<10 { group.addTask { try await authorization.renewed(rejected: "Bearer old") } }
        }
        for try await header in group { #expect(header == "Bearer access-2") }
      }
    }
    #expect(server.posts.count == 1)
    try await server.close()
  }

  @Test func aCancelledCallLosesNoToken() async throws {
    let server = try await TokenServer.standard(delay: .milliseconds(50))
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      let task = Task { try await authorization.renewed(rejected: "Bearer old") }
      try await Task.sleep(for: .milliseconds(20))
      task.cancel()
      _ = try? await task.value
      #expect(try await authorization.header() == "Bearer access-2")
      #expect(try home.text().contains("refresh-2"))
    }
    try await server.close()
  }

  // MARK: Others at the same file

  @Test func anotherHasRefreshedMeanwhile() async throws {
    let server = try await TokenServer.standard()
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      try home.write(ini(server.url, access: "theirs", refresh: "refresh-1"))
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
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      try home.write(ini(server.url, access: "also-old", refresh: "theirs"))
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer new")
      #expect(server.posts.count == 1)
    }
    try await server.close()
  }

  /// The SDK holds no lock: it may use the token up while the sidecar's request is under way.
  @Test func anotherHasUsedTheTokenUp() async throws {
    let home = try Home()
    let shared = SharedText()
    let server = try await TokenServer { request, url in
      guard request.line == "POST /auth/token" else {
        return TokenServer.Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#)
      }
      try? home.write(shared.text.withLock { $0 })
      return TokenServer.Answer(400, #"{"message": "invalid or missing refresh_token"}"#)
    }
    shared.text.withLock { $0 = ini(server.url, access: "theirs", refresh: "theirs-too") }
    try home.write(ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
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
    let home = try Home(ini: ini(server.url, refresh: "geheim"))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      for _ in 0..<3 {
        let error = await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer old") }
        #expect(error?.code == .credentialsExpired && error?.message.contains("\(home.ini), line 10") == true)
        #expect(error?.hint?.contains("dhcli login") == true && error?.cause?.contains("refresh_token") == true)
        #expect(!"\(error as Any)".contains("geheim"))
      }
      #expect(server.posts.count == 1)
      try home.write(ini(server.url, access: "new login", refresh: "x"))
      await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer old") }
      try home.write(ini(server.url, access: "new-login", refresh: "refresh-1"))
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
    try await withTransport { transport in
      let home = try Home(ini: ini(server.url))
      let good = try home.core(["DHCORE_ACCESS_TOKEN": "good", "DHCORE_REFRESH_TOKEN": "r"])
      let authorization = CoreAuthorization(core: good, transport: transport, warn: Self.nothing)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer good")
      let bad = try home.core(["DHCORE_ACCESS_TOKEN": "bad"])
      let other = CoreAuthorization(core: bad, transport: transport, warn: Self.nothing)
      let error = await #expect(throws: SidecarError.self) { try await other.renewed(rejected: "Bearer old") }
      #expect(error?.code == .credentialsExpired && error?.message.contains("DHCORE_ACCESS_TOKEN") == true)
    }
    try await server.close()
  }

  // MARK: The file

  @Test func theOldKeysAndALink() async throws {
    let server = try await TokenServer.standard()
    let home = try Home()
    let real = home.path + "/real.ini"
    try Data("[__default]\naccess_token=old\nrefresh_token=refresh-1\nclient_id=c\nissuer=\(server.url)\n".utf8)
      .write(to: URL(filePath: real))
    try FileManager.default.createSymbolicLink(atPath: home.ini, withDestinationPath: "real.ini")
    try await withTransport { transport in
      let core = try home.core(["DHCORE_ENDPOINT": server.url])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
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
    let warnings = Warnings()
    let environment = [
      "DHCORE_ENDPOINT": server.url, "DHCORE_ISSUER": server.url, "DHCORE_CLIENT_ID": "c",
      "DHCORE_ACCESS_TOKEN": "old", "DHCORE_REFRESH_TOKEN": "refresh-1", "DH_CONFIG": "/proc/none/x.ini",
    ]
    try await withTransport { transport in
      let core = try Home().core(environment)
      let authorization = CoreAuthorization(core: core, transport: transport) { warnings.add($0) }
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
      #expect(try await authorization.renewed(rejected: "Bearer access-2") == "Bearer access-3")
    }
    #expect(warnings.all.count == 2)
    #expect(warnings.all.first?.contains("/proc/none/x.ini") == true && warnings.all.first?.contains("used up") == true)
    #expect(!warnings.all.joined().contains("access-2"))
    try await server.close()
  }

  // MARK: What can't be renewed

  @Test(
    arguments: [
      ([:], nil, ErrorCode.credentialsMissing, "none is configured"),
      (["DHCORE_ACCESS_TOKEN": "geheim"], "Bearer geheim", .credentialsExpired, "DHCORE_ACCESS_TOKEN"),
      (["DHCORE_USER": "u", "DHCORE_PASSWORD": "pw"], "Basic dTpwdw==", .credentialsRejected, "DHCORE_PASSWORD"),
    ] as [([String: String], String?, ErrorCode, String)]
  )
  func nothingToRenew(environment: [String: String], header: String?, code: ErrorCode, words: String) async throws {
    try await withTransport { transport in
      let core = try Home().core(environment.merging(["DHCORE_ENDPOINT": "http://127.0.0.1:1"]) { $1 })
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      #expect(try await authorization.header() == header)
      let error = await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: header) }
      #expect(error?.code == code && error?.message.contains(words) == true, "\(error as Any)")
      #expect(error?.hint?.isEmpty == false && !"\(error as Any)".contains("geheim"))
      let forbidden = await authorization.refusal(status: 403, words: "No role for geheim")
      #expect(forbidden.code == (header == nil ? .credentialsMissing : .forbidden) && forbidden.cause?.isEmpty == false)
    }
  }

  @Test func anEndpointThatDoesNotAnswer() async throws {
    let flag = Flag()
    let server = try await TokenServer { request, url in
      if request.line.hasPrefix("GET") { return TokenServer.Answer(200, #"{"token_endpoint": "\#(url)/auth/token"}"#) }
      return flag.value.load(ordering: .relaxed)
        ? TokenServer.Answer(503, "<html>") : TokenServer.Answer(200, #"{"access_token": "access-2"}"#)
    }
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      let error = await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer old") }
      #expect(error?.code == .loginUnavailable && error?.code.retryable == true)
      #expect(error?.cause?.contains("503") == true)
      flag.value.store(false, ordering: .relaxed)
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
    }
    try await server.close()
  }

  private final class Flag: Sendable {
    let value = Atomic(true)
  }

  /// a12, a15: what is missing, and how to mend it.
  @Test(
    arguments: [
      (#"{"oauth2_token_endpoint": "URL/auth/token"}"#, "client id", "DHCORE_CLIENT_ID"),
      (#"{"dhcore_client_id": "c"}"#, "token endpoint", "DHCORE_ISSUER"),
    ]
  )
  func whatIsMissingIsNamed(document: String, words: String, hint: String) async throws {
    let server = try await TokenServer { request, url in
      TokenServer.Answer(200, document.replacingOccurrences(of: "URL", with: url))
    }
    let environment = ["DHCORE_ENDPOINT": server.url, "DHCORE_ACCESS_TOKEN": "a", "DHCORE_REFRESH_TOKEN": "r"]
    try await withTransport { transport in
      let core = try Home().core(environment)
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      let error = await #expect(throws: SidecarError.self) { try await authorization.renewed(rejected: "Bearer a") }
      #expect(error?.code == .credentialsExpired && error?.message.contains(words) == true, "\(error as Any)")
      #expect(error?.hint?.contains(hint) == true)
    }
    #expect(server.posts.isEmpty)
    try await server.close()
  }

  // MARK: Storage

  @Test func keysToTheStore() async throws {
    let keys = #", "aws_access_key_id": "k", "aws_secret_access_key": "s", "aws_session_token": "t""#
    let server = try await TokenServer.standard(extra: keys + #", "s3_bucket": "b", "aws_endpoint_url": "http://s3""#)
    let home = try Home(ini: ini(server.url))
    try await withTransport { transport in
      let core = try home.core(["AWS_REGION": "r", "S3_PATH_STYLE": "true"])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      let storage = try #require(try await authorization.storageCredentials())
      #expect(storage.accessKey == "k" && storage.secretKey.exposed == "s" && storage.sessionToken?.exposed == "t")
      #expect(
        storage.bucket == "b" && storage.endpoint == "http://s3" && storage.region == "r" && storage.pathStyle == true
      )
      _ = try await authorization.storageCredentials()
      #expect(server.posts.count == 1)
      // The next process finds them in the file, until they end.
      let next = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      #expect(try await next.storageCredentials()?.accessKey == "k")
      #expect(server.posts.count == 1)
      try home.write(try home.text() + "[x]\n")
      let ended = try home.text().replacingOccurrences(
        of: "s3_bucket",
        with: "aws_credentials_expiration = 2020-01-01T00:00:00Z\ns3_bucket"
      )
      try home.write(ended)
      let later = CoreAuthorization(core: try home.core([:]), transport: transport, warn: Self.nothing)
      #expect(try await later.storageCredentials()?.accessKey == "k")
      #expect(server.posts.count == 2)
    }
    try await server.close()
  }

  /// a7 and the like ask for none of it: nothing is contacted.
  @Test func noStoreWithoutKeys() async throws {
    try await withTransport { transport in
      let core = try Home().core(["DHCORE_ENDPOINT": "http://127.0.0.1:1", "DHCORE_ACCESS_TOKEN": "a"])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: Self.nothing)
      #expect(try await authorization.storageCredentials() == nil)
    }
  }
}
