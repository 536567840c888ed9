import Foundation
import Model
import Testing

@testable import Settings

@Suite struct CoreSettingsTests {
  private static let home = "/home/ann/.dhcore.ini"

  /// `files` by path, `~` being the home directory.
  private func settings(
    _ environment: [String: String] = [:],
    files: [String: String] = [:],
    yaml: String? = nil,
    directory: String? = nil,
    platform: String? = nil
  ) throws -> Settings {
    var environment = environment
    environment["HOME"] = "/home/ann"
    let contents = Dictionary(
      uniqueKeysWithValues: files.map {
        ($0.key.replacingOccurrences(of: "~", with: "/home/ann"), Array($0.value.utf8))
      }
    )
    return try Settings(
      file: yaml.map { Array($0.utf8) },
      path: Setting("/etc/x/config.yaml", from: .standard),
      environment: environment,
      options: SettingsOptions(platform: platform),
      currentDirectory: directory,
      read: { contents[$0] }
    )
  }

  private static let two = """
    [DEFAULT]
    current_environment = dev

    [dev]
    dhcore_endpoint = http://dev:1
    dhcore_access_token = dev-token

    [prod]
    DHCORE_ENDPOINT = https://prod/
    access_token = prod-token
    refresh_token = prod-refresh
    issuer = https://issuer/
    client_id = c
    """

  @Test func theFileChoosesCore() throws {
    let settings = try settings(files: ["~/.dhcore.ini": Self.two])
    #expect(settings.platform == Setting(.core, from: .standard))
    #expect(settings.core.endpoint == Setting("http://dev:1", from: .file(path: Self.home, line: 5)))
    #expect(settings.core.profile == Setting("dev", from: .file(path: Self.home, line: 2)))
    #expect(settings.core.credential == .access(Setting(Secret("dev-token"), from: .file(path: Self.home, line: 6))))
    #expect(settings.core.iniExists)
  }

  /// Both generations of keys, and a profile by DH_NAME.
  @Test func theOldKeys() throws {
    let core = try settings(["DH_NAME": "prod"], files: ["~/.dhcore.ini": Self.two]).core
    #expect(core.profile == Setting("prod", from: .environment("DH_NAME")))
    #expect(core.endpoint?.value == "https://prod")
    #expect(core.issuer?.value == "https://issuer" && core.clientID?.value == "c")
    guard case .accessAndRefresh(let access, let refresh) = core.credential else {
      Issue.record("\(core.credential)")
      return
    }
    #expect(access.value.exposed == "prod-token" && refresh.value.exposed == "prod-refresh")
  }

  @Test func whoNamesAnotherPlatformHasTheFileLeftAlone() throws {
    for (environment, yaml, platform) in [
      ([:], nil, "local"), (["DH_SIDECAR_PLATFORM": "local"], nil, nil), ([:], "platform: local", nil),
    ] as [([String: String], String?, String?)] {
      let settings = try Settings(
        file: yaml.map { Array($0.utf8) },
        path: Setting("/c.yaml", from: .standard),
        environment: environment,
        options: SettingsOptions(platform: platform),
        read: { path in
          Issue.record("\(path) was read")
          return nil
        }
      )
      #expect(settings.platform.value == .local)
    }
  }

  /// Configuration by the environment first, credentials by the file first (SDK 0.14 and 0.15, trace a10).
  private static let precedence:
    [(name: String, environment: [String: String], ini: String, value: String, text: String)] = [
      (
        "endpoint, env over file", ["DHCORE_ENDPOINT": "http://e"], "dhcore_endpoint = http://f", "endpoint", "http://e"
      ),
      ("endpoint, empty env", ["DHCORE_ENDPOINT": ""], "dhcore_endpoint = http://f", "endpoint", "http://f"),
      ("issuer, env over file", ["DHCORE_ISSUER": "http://e"], "dhcore_issuer = http://f", "issuer", "http://e"),
      ("issuer, dhcli's key", [:], "oauth2_issuer = http://f", "issuer", "http://f"),
      ("client, env over file", ["DHCORE_CLIENT_ID": "e"], "client_id = f", "client", "e"),
      ("client, both generations", [:], "client_id = old\ndhcore_client_id = new", "client", "new"),
      (
        "token endpoint", ["OAUTH2_TOKEN_ENDPOINT": "http://e/t"], "oauth2_token_endpoint = http://f", "token",
        "http://e/t"
      ),
      ("token endpoint, file", [:], "oauth2_token_endpoint = http://f/t", "token", "http://f/t"),
      ("access, file over env", ["DHCORE_ACCESS_TOKEN": "e"], "dhcore_access_token = f", "credential", "f"),
      ("access, env alone", ["DHCORE_ACCESS_TOKEN": "e"], "", "credential", "e"),
      (
        "pair, file over env", ["DHCORE_ACCESS_TOKEN": "e", "DHCORE_REFRESH_TOKEN": "e"],
        "access_token = f\nrefresh_token = g", "credential", "f g"
      ),
      ("pair of two places", ["DHCORE_REFRESH_TOKEN": "e"], "access_token = f", "credential", "f e"),
      ("refresh alone is none", ["DHCORE_REFRESH_TOKEN": "e"], "", "credential", ""),
      (
        "token over pair", ["DHCORE_PERSONAL_ACCESS_TOKEN": "p"], "access_token = f\nrefresh_token = g", "credential",
        "p"
      ),
      ("token, dhcli's name", ["DHCORE_PAT": "p"], "", "credential", "p"),
      ("token, both names", ["DHCORE_PAT": "q", "DHCORE_PERSONAL_ACCESS_TOKEN": "p"], "", "credential", "p"),
      ("token of the file", ["DHCORE_PAT": "q"], "DHCORE_PERSONAL_ACCESS_TOKEN = p", "credential", "p"),
      ("basic", ["DHCORE_USER": "u", "DHCORE_PASSWORD": "w"], "", "credential", "w"),
      ("user without password is none", ["DHCORE_USER": "u"], "", "credential", ""),
      ("access over basic", ["DHCORE_USER": "u", "DHCORE_PASSWORD": "w"], "access_token = f", "credential", "f"),
      ("alternative", ["DHCORE_ACCESS_TOKEN": "e"], "dhcore_access_token = f", "alternative", "e"),
      ("no alternative, the same", ["DHCORE_ACCESS_TOKEN": "f"], "dhcore_access_token = f", "alternative", ""),
      ("no alternative, env alone", ["DHCORE_ACCESS_TOKEN": "f"], "", "alternative", ""),
      ("bucket, env over file", ["S3_BUCKET": "e"], "s3_bucket = f", "bucket", "e"),
      ("key, file over env", ["AWS_ACCESS_KEY_ID": "e"], "aws_access_key_id = f", "key", "f"),
      (
        "files store", ["DHCORE_DEFAULT_FILES_STORE": "s3://e"], "dhcore_default_files_store = s3://f", "store",
        "s3://e"
      ),
      ("files store of the file", [:], "dhcore_default_files_store = s3://f", "store", "s3://f"),
    ]

  @Test(arguments: precedence.indices)
  func theFirstPlaceThatSaysItWins(index: Int) throws {
    let (name, environment, ini, value, text) = Self.precedence[index]
    let endpoint = ["DHCORE_ENDPOINT": "http://x"].merging(environment) { $1 }
    let core = try settings(endpoint, files: ["~/.dhcore.ini": "[__default]\n" + ini + "\n"]).core
    let values: [String: String?] = [
      "endpoint": core.endpoint?.value, "issuer": core.issuer?.value, "client": core.clientID?.value,
      "token": core.tokenEndpoint?.value, "bucket": core.storage.bucket?.value, "key": core.storage.accessKey?.value,
      "store": core.filesStore?.value,
      "credential": core.credential.secrets.map(\.exposed).joined(separator: " "),
      "alternative": core.alternative.secrets.map(\.exposed).joined(separator: " "),
    ]
    #expect(values[value] == text, "\(name)")
  }

  @Test func ourOwnFile() throws {
    let yaml = """
      core:
        endpoint: https://yaml/core/
        profile: prod
        ini: sdk.ini
        level: 14
        ca_file: ca.pem
        files_store: s3://b
        timeout_seconds: 5
      """
    let core = try settings(files: ["/etc/x/sdk.ini": Self.two], yaml: yaml).core
    #expect(core.endpoint?.value == "https://yaml/core")
    #expect(core.ini == Setting("/etc/x/sdk.ini", from: .file(path: "/etc/x/config.yaml", line: 4)))
    #expect(core.credential.secrets.map(\.exposed) == ["prod-token", "prod-refresh"])
    #expect(core.level?.value == 14 && core.timeoutSeconds.value == 5)
    #expect(core.caFile?.value == "/etc/x/ca.pem" && core.filesStore?.value == "s3://b")
    let environment = ["DH_CONFIG": "~/other.ini", "DH_SIDECAR_CORE_LEVEL": "15", "DH_SIDECAR_CORE_CA_FILE": "/e.pem"]
    let other = try settings(environment, files: ["~/other.ini": Self.two], yaml: yaml).core
    #expect(other.level == Setting(15, from: .environment("DH_SIDECAR_CORE_LEVEL")))
    #expect(other.ini?.value == "/home/ann/other.ini" && other.caFile?.value == "/e.pem")
  }

  @Test(
    arguments: [
      ("localhost:8080", "no scheme", "http://localhost:8080"),
      ("core.example.org", "no scheme", "https://core.example.org"),
      ("ftp://x", "ftp", "https://"), ("http://", "no URL", "https://"), ("http://:80", "no URL", "https://"),
      ("https://u:geheim@x", "user", "DHCORE_USER"), ("https://x?a=b", "?", "https://"),
      ("https://x y", "no URL", "https://"),
    ]
  )
  func endpointsThatAreNone(text: String, words: String, hint: String) {
    let error = #expect(throws: SidecarError.self) { _ = try settings(["DHCORE_ENDPOINT": text]) }
    #expect(error?.code == .invalidSettings)
    #expect(error?.faults.first?.message.contains(words) == true, "\(error as Any)")
    #expect(error?.faults.first?.message.contains("DHCORE_ENDPOINT") == true)
    #expect(error?.hint?.contains(hint) == true, "\(error as Any)")
    #expect(!"\(error as Any)".contains("geheim"))
  }

  @Test(
    arguments: [
      ("https://x/", "https://x"), ("HTTP://x//", "http://x"), ("https://x:8443/core/", "https://x:8443/core"),
      ("http://[::1]:80", "http://[::1]:80"),
    ]
  )
  func endpoints(text: String, url: String) throws {
    #expect(try settings(["DHCORE_ENDPOINT": text]).core.endpoint?.value == url)
  }

  @Test func anEndpointIsNeeded() {
    let missing = #expect(throws: SidecarError.self) { _ = try settings(platform: "core") }
    #expect(missing?.faults.first?.message.contains("DHCORE_ENDPOINT is not set") == true)
    let misspelt = #expect(throws: SidecarError.self) {
      _ = try settings(["DH_NAME": "prd"], files: ["~/.dhcore.ini": Self.two], platform: "core")
    }
    #expect(misspelt?.hint == "Did you mean DH_NAME=prod?", "\(misspelt as Any)")
  }

  @Test(
    arguments: [
      (["DH_SIDECAR_CORE_LEVEL": "16"], nil, "DH_SIDECAR_CORE_LEVEL"),
      (["DH_SIDECAR_CORE_LEVEL": "v1"], nil, "DH_SIDECAR_CORE_LEVEL"), ([:], "core: {level: 12}", "line 1"),
      ([:], "core: {endpont: x}", "line 1"), ([:], "core: {timeout_seconds: 0}", "line 1"),
    ] as [([String: String], String?, String)]
  )
  func faults(environment: [String: String], yaml: String?, words: String) {
    let error = #expect(throws: SidecarError.self) { _ = try settings(environment, yaml: yaml) }
    #expect(error?.faults.first?.message.contains(words) == true, "\(error as Any)")
  }

  @Test func aBrokenFileIsNamed() throws {
    let files = ["~/.dhcore.ini": "dhcore_endpoint = http://x\n"]
    let error = #expect(throws: SidecarError.self) { _ = try settings(files: files) }
    #expect(error?.faults.first?.message.contains("\(Self.home), line 1") == true, "\(error as Any)")
    #expect(error?.hint?.contains("--platform local") == true)
    #expect(try settings(files: files, platform: "local").platform.value == .local)
  }

  // MARK: The current directory

  @Test func theCurrentDirectoryDoesNotChooseCore() throws {
    #expect(try settings(files: ["/w/.dhcore.ini": Self.two], directory: "/w").platform.value == .local)
  }

  @Test func theCurrentDirectoryComesFirst() throws {
    let files = ["/w/.dhcore.ini": Self.two, "~/.dhcore.ini": "[__default]\ndhcore_endpoint = http://home\n"]
    let core = try settings(files: files, directory: "/w").core
    #expect(core.endpoint?.value == "http://dev:1" && core.ini?.value == "/w/.dhcore.ini")
    let named = try settings(["DH_CONFIG": Self.home], files: files, directory: "/w").core
    #expect(named.endpoint?.value == "http://home")
  }

  /// What came along with a folder gets no token of the environment.
  @Test func aStrayFileGetsNoCredentials() throws {
    let ini = "[__default]\ndhcore_endpoint = http://evil\n"
    let environment = ["DHCORE_ACCESS_TOKEN": "e", "DHCORE_REFRESH_TOKEN": "r"]
    let stray = try settings(environment, files: ["/w/.dhcore.ini": ini], directory: "/w", platform: "core").core
    #expect(stray.endpoint?.value == "http://evil" && stray.credential == .none && stray.alternative == .none)
    let own = try settings(environment, files: ["~/.dhcore.ini": ini], directory: "/home/ann", platform: "core").core
    #expect(own.credential.secrets.map(\.exposed) == ["e", "r"])
    let issuer = "[__default]\ndhcore_issuer = http://evil\n"
    let given = environment.merging(["DHCORE_ENDPOINT": "https://good"]) { $1 }
    let half = try settings(given, files: ["/w/.dhcore.ini": issuer], directory: "/w").core
    #expect(half.credential == .none)
    let harmless = try settings(given, files: ["/w/.dhcore.ini": "[x]\n"], directory: "/w").core
    #expect(harmless.credential.secrets.count == 2)
  }

  @Test func dotEnvComesLast() throws {
    let files = [
      "~/.dhcore.ini": "[__default]\ndhcore_endpoint = http://f\ndhcore_access_token = f\n",
      "~/.env": "DHCORE_ACCESS_TOKEN='d'\nDHCORE_REFRESH_TOKEN='d'\nDHCORE_ISSUER=http://d\nDHCORE_ENDPOINT=http://d\n",
    ]
    let core = try settings(["DHCORE_REFRESH_TOKEN": "e"], files: files).core
    #expect(core.endpoint?.value == "http://f" && core.credential.secrets.map(\.exposed) == ["f", "e"])
    #expect(core.issuer == Setting("http://d", from: .file(path: "/home/ann/.env", line: 3)))
  }

  @Test func secretsAreNeverShown() throws {
    let environment = [
      "DHCORE_ENDPOINT": "https://x", "DHCORE_PASSWORD": "geheim", "DHCORE_USER": "ann",
      "DHCORE_PERSONAL_ACCESS_TOKEN": "geheim", "AWS_ACCESS_KEY_ID": "geheim", "AWS_SECRET_ACCESS_KEY": "geheim",
      "AWS_SESSION_TOKEN": "geheim",
    ]
    let settings = try settings(environment)
    let report = settings.report.map { "\($0.name): \($0.value) (\($0.origin))" }
    #expect(report.contains("core.credential: personal access token, set (DHCORE_PERSONAL_ACCESS_TOKEN)"))
    #expect(report.contains("core.s3.secret_key: set (AWS_SECRET_ACCESS_KEY)"))
    #expect(report.contains("core.endpoint: https://x (DHCORE_ENDPOINT)"))
    var core = settings.core
    core.storage.accessKey = nil
    var dumped = ""
    dump(core, to: &dumped)
    #expect(!"\(report) \(core) \(String(reflecting: core)) \(dumped)".contains("geheim"))
  }
}
