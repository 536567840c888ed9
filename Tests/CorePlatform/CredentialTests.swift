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
  // MARK: Personal access tokens

  /// a11. The result stays in memory.
  @Test func aPersonalAccessTokenIsExchanged() async throws {
    let server = try await TokenServer.standard()
    let home = try CredentialLab.Home()
    let core = try home.core([
      "DHCORE_ENDPOINT": server.url, "DHCORE_ISSUER": server.url, "DHCORE_CLIENT_ID": "c",
      "DHCORE_PERSONAL_ACCESS_TOKEN": "dhcp_pat",
    ])
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
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
    let core = try CredentialLab.Home().core(["DHCORE_ENDPOINT": server.url, "DHCORE_PAT": "dhcp_wrong"])
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
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
    let before = CredentialLab.ini(server.url)
    let home = try CredentialLab.Home(ini: before)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: home.ini)
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
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
    let home = try CredentialLab.Home()
    let environment = [
      "DHCORE_ENDPOINT": server.url, "OAUTH2_TOKEN_ENDPOINT": server.url + "/auth/token", "DHCORE_CLIENT_ID": "c",
      "DHCORE_ACCESS_TOKEN": "old", "DHCORE_REFRESH_TOKEN": "refresh-1",
    ]
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(
        core: try home.core(environment),
        transport: transport,
        warn: CredentialLab.nothing
      )
      #expect(try await authorization.renewed(rejected: "Bearer old") == "Bearer access-2")
      #expect(server.requests.count == 1)
      #expect(
        try home.text().hasPrefix(
          "[DEFAULT]\ncurrent_environment = __default\n\n[__default]\ndhcore_access_token = access-2\n"
        )
      )
      // The next process starts with them, though the environment still has the old ones.
      let next = CoreAuthorization(core: try home.core(environment), transport: transport, warn: CredentialLab.nothing)
      #expect(try await next.header() == "Bearer access-2")
    }
    try await server.close()
  }

  @Test func aStormOfRejectionsIsOneRefresh() async throws {
    let server = try await TokenServer.standard(delay: .milliseconds(20))
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
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
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let core = try home.core([:])
      try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<8 {
          let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
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
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      let task = Task { try await authorization.renewed(rejected: "Bearer old") }
      try await Task.sleep(for: .milliseconds(20))
      task.cancel()
      _ = try? await task.value
      #expect(try await authorization.header() == "Bearer access-2")
      #expect(try home.text().contains("refresh-2"))
    }
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
    try await CredentialLab.withTransport { transport in
      let core = try CredentialLab.Home().core(environment.merging(["DHCORE_ENDPOINT": "http://127.0.0.1:1"]) { $1 })
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
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
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let authorization = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
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
    try await CredentialLab.withTransport { transport in
      let core = try CredentialLab.Home().core(environment)
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
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
    let home = try CredentialLab.Home(ini: CredentialLab.ini(server.url))
    try await CredentialLab.withTransport { transport in
      let core = try home.core(["AWS_REGION": "r", "S3_PATH_STYLE": "true"])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
      let storage = try #require(try await authorization.storageCredentials())
      #expect(storage.accessKey == "k" && storage.secretKey.exposed == "s" && storage.sessionToken?.exposed == "t")
      #expect(
        storage.bucket == "b" && storage.endpoint == "http://s3" && storage.region == "r" && storage.pathStyle == true
      )
      _ = try await authorization.storageCredentials()
      #expect(server.posts.count == 1)
      // The next process finds them in the file, until they end.
      let next = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      #expect(try await next.storageCredentials()?.accessKey == "k")
      #expect(server.posts.count == 1)
      try home.write(try home.text() + "[x]\n")
      let ended = try home.text().replacingOccurrences(
        of: "s3_bucket",
        with: "aws_credentials_expiration = 2020-01-01T00:00:00Z\ns3_bucket"
      )
      try home.write(ended)
      let later = CoreAuthorization(core: try home.core([:]), transport: transport, warn: CredentialLab.nothing)
      #expect(try await later.storageCredentials()?.accessKey == "k")
      #expect(server.posts.count == 2)
    }
    try await server.close()
  }

  /// a7 and the like ask for none of it: nothing is contacted.
  @Test func noStoreWithoutKeys() async throws {
    try await CredentialLab.withTransport { transport in
      let core = try CredentialLab.Home().core(["DHCORE_ENDPOINT": "http://127.0.0.1:1", "DHCORE_ACCESS_TOKEN": "a"])
      let authorization = CoreAuthorization(core: core, transport: transport, warn: CredentialLab.nothing)
      #expect(try await authorization.storageCredentials() == nil)
    }
  }
}
