import Foundation
import JSON
import Model
import Platform
import Testing

@testable import EngineExecutor

@Suite struct BuildTests {
  private static func events(_ lines: [JSONObject]) -> [BuildStream.Event] {
    var stream = BuildStream()
    return lines.flatMap { stream.read(JSONValue.object($0).serialized()) } + stream.rest()
  }

  /// What each engine writes, and what it means.
  private static let streams: [(lines: [JSONObject], events: [BuildStream.Event])] = [
    (
      [["stream": "STEP 2/4: RUN a && \\\n"]],
      [.step(2, of: 4, "RUN a && \\"), .line("STEP 2/4: RUN a && \\", isError: false)]
    ),
    (
      [["stream": "Step 1/12 : FROM x"], ["stream": "\n"]],
      [.step(1, of: 12, "FROM x"), .line("Step 1/12 : FROM x", isError: false)]
    ),
    (
      [["stream": "[2/2] STEP 1/2: FROM b\n"]],
      [.step(1, of: 2, "FROM b"), .line("[2/2] STEP 1/2: FROM b", isError: false)]
    ),
    ([["stream": "a\nb\r\nc"]], ["a", "b", "c"].map { .line($0, isError: false) }),
    ([["stream": "\u{1b}[91merr\n\u{1b}[0m"]], [.line("err", isError: true)]),
    ([["aux": ["ID": "sha256:1"]]], [.image(id: "sha256:1")]),
    (
      [["error": "The command 'x' returned a non-zero code: 7", "errorDetail": ["code": 7, "message": "m"]]],
      [.failure("The command 'x' returned a non-zero code: 7", exitCode: 7)]
    ),
    (
      [["stream": "rest"], ["error": "building at STEP \"RUN x\": while running runtime: exit status 9\n"]],
      [
        .line("rest", isError: false),
        .failure("building at STEP \"RUN x\": while running runtime: exit status 9", exitCode: 9),
      ]
    ),
    ([["error": "Unknown instruction"]], [.failure("Unknown instruction", exitCode: nil)]),
    (
      [["status": "Downloading", "id": "abc", "progressDetail": ["current": 1, "total": 2]]],
      [.status("abc: Downloading", done: 1, total: 2)]
    ),
    (
      [["stream": "Step by step\n"], ["stream": "STEP 0/0: x\n"]],
      [.line("Step by step", isError: false), .line("STEP 0/0: x", isError: false)]
    ),
  ]

  /// A progress bar: text without a line break comes in pieces, none of which is looked through twice, and no more of it
  /// is kept than the longest line.
  @Test(.timeLimit(.minutes(1)))
  func aProgressBarThatNeverEndsItsLine() {
    var stream = BuildStream()
    let piece = "\r" + String(repeating: "#", count: 59)
    let line = JSONValue.object(["stream": .string(piece)]).serialized()
    let count = 20_000
    var events: [BuildStream.Event] = []
    for _ in 0..<count { events += stream.read(line) }
    events += stream.read(JSONValue.object(["stream": "done\nnext\n"]).serialized()) + stream.rest()
    let texts = events.compactMap { if case .line(let text, false) = $0 { text } else { nil } }
    #expect(texts.joined() == String(repeating: piece, count: count) + "donenext")
    #expect(
      texts.last == "next" && texts.allSatisfy { $0.utf8.count <= LogDemultiplexer.longestLine + piece.utf8.count }
    )
  }

  @Test(arguments: streams.indices)
  func whatABuilderSays(index: Int) {
    #expect(Self.events(Self.streams[index].lines) == Self.streams[index].events)
  }

  @Test(
    arguments: [
      (" ---> 1c59e93f71c8", "1c59e93f71c8"), ("--> f9b4969cf4a", "f9b4969cf4a"),
      ("--> Using cache 1c65dc50d845b2ebd86f8c1a9432c780735c4c81ae2fae520faf625f568df348", nil),
      (" ---> Running in 153fb0847445", nil), ("echo --> 1c59e93f71c8", nil), ("--> deadbeef", nil),
    ] as [(String, String?)]
  )
  func layersThatWereTold(line: String, layer: String?) {
    let entries = ["x", line].map {
      LogEntry(timestamp: Timestamp(nanoseconds: 5_000_000_000), stream: .stdout, container: "build", text: $0)
    }
    let layers = BuildLeftovers(entries: entries, images: [])?.layers.map(\.id) ?? []
    #expect(layers == [layer].compactMap(\.self))
  }

  /// What a step's program may have written to make us remove somebody's image.
  @Test(
    arguments: [
      ("2026-01-01T00:00:10.5Z", [], [], true),
      // Whole seconds of an engine.
      ("2026-01-01T00:00:10Z", [], [], true),
      ("2026-01-01T00:00:08.9Z", [], [], false),
      ("2025-01-01T00:00:10Z", [], [], false),
      ("2026-01-01T00:00:22Z", [], [], false),
      ("2026-01-01T00:00:15Z", ["localhost/x:1"], [], false),
      ("2026-01-01T00:00:15Z", [], ["sha256:0123456789abcdef"], false),
      ("2026-01-01T00:00:15Z", [], ["sha256:ff23456789abcdef"], true),
      (nil, [], [], false),
    ] as [(String?, [String], [String], Bool)]
  )
  func onlyWhatTheBuildMadeIsLeftOver(created: String?, tags: [String], images: [String], isLeftOver: Bool) throws {
    func entry(_ time: String, _ text: String) throws -> LogEntry {
      let timestamp = try #require(Timestamp(parsing: time))
      return LogEntry(timestamp: timestamp, stream: .stdout, container: "build", text: text)
    }
    let entries = [
      try entry("2026-01-01T00:00:10.2Z", "Building x"), try entry("2026-01-01T00:00:20Z", "--> 0123456789ab"),
    ]
    let leftovers = try #require(BuildLeftovers(entries: entries, images: images))
    var image: JSONObject = ["RepoTags": .array(tags.map { .string($0) })]
    image["Created"] = created.map { .string($0) }
    #expect(leftovers.isLeftOver(leftovers.layers[0], .object(image)) == isLeftOver)
  }

  @Test(
    arguments: [
      ("4.3.1", false), ("4.5.0", true), ("5.0", true), ("4", false), (nil, false),
    ] as [(String?, Bool)]
  )
  func whoKnowsHeredocs(libpod: String?, knows: Bool) {
    #expect(Engine(socket: "", foundBy: "", apiVersion: "1.41", libpodVersion: libpod).buildsHeredocs == knows)
  }

  @Test func secretsAreTakenOutOfWhatIsSaid() {
    let redaction = Redaction(["A": "s3cret", "B": "s3cret-longer\n1st line of many", "C": "abc", "D": ""])
    #expect(redaction.redacted("x s3cret y s3cret") == "x <secret A> y <secret A>")
    #expect(redaction.redacted("s3cret-longer, 1st line of many") == "<secret B>, <secret B>")
    #expect(redaction.redacted("abc") == "abc")
  }

  @Test(
    arguments: [("4.3.1", true), ("3.4.4", false), ("5.0", true), ("10.0.0", true), (nil, false)] as [(String?, Bool)]
  )
  func whoShowsSecretsToABuild(libpod: String?, shows: Bool) {
    #expect(Engine(socket: "", foundBy: "", apiVersion: "1.41", libpodVersion: libpod).mountsSecrets == shows)
  }

  @Test func aBuildsSecretsAreFilesOfItsContext() throws {
    let execution = Execution.sample {
      $0.action = .build
      $0.baseImage = "busybox"
      $0.image = "localhost/x:1"
      $0.secrets = ["TOKEN"]
      $0.instructions = ["make"]
    }
    let call = try #require(try EnginePlanner.plan(execution).build?.call)
    let secrets = EngineCall.encoded("[\"id=TOKEN,src=.dh-sidecar-secret-TOKEN\"]")
    #expect(call.path.hasSuffix("&secrets=" + secrets))
    #expect(call.body?[".dh-sidecar-secret-TOKEN"] == "<secret TOKEN>")
    #expect(call.body?["Dockerfile"]?.stringValue?.contains("RUN --mount=type=secret,id=TOKEN TOKEN=") == true)
  }

  @Test func everyRegistrysCredentials() throws {
    let folder = NSTemporaryDirectory() + "auth-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let login = Data("me:pass:word".utf8).base64EncodedString()
    try Data("{\"auths\":{\"a.example\":{\"auth\":\"\(login)\"},\"b.example\":{}}}".utf8)
      .write(to: URL(filePath: folder + "/auth.json"))
    try Data("{\"auths\":{\"a.example\":{\"auth\":\"eDp5\"},\"c.example\":{\"identitytoken\":\"t\"}}}".utf8)
      .write(to: URL(filePath: folder + "/config.json"))
    let auth = RegistryAuth(environment: ["REGISTRY_AUTH_FILE": folder + "/auth.json", "DOCKER_CONFIG": folder])
    let header = try #require(auth.allHeader())
    let base64 = header.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    let golden = """
      {"a.example":{"username":"me","password":"pass:word","serveraddress":"a.example"},
      "c.example":{"identitytoken":"t","serveraddress":"c.example"}}
      """
    #expect(try JSONValue(parsing: Array(try #require(Data(base64Encoded: base64)))) == JSONValue(parsing: golden))
    #expect(RegistryAuth(environment: ["REGISTRY_AUTH_FILE": folder + "/none"]).allHeader() == nil)
  }

  // MARK: The log

  private static func withLog<Result>(_ body: (BuildLog) async throws -> Result) async throws -> Result {
    let folder = NSTemporaryDirectory() + "builds-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(BuildLog(folder: folder + "/deep", runID: "r"))
  }

  private static func texts(_ log: BuildLog, _ query: LogQuery = LogQuery()) async throws -> [String] {
    try await BuildLogReader(log: log).page(query).entries.map(\.text)
  }

  @Test func pagesFollowOneAnother() async throws {
    try await Self.withLog { log in
      let writer = try log.begin("x")
      for number in 1...9 { writer.append("line \(number)", isError: number % 2 == 0) }
      writer.end()
      var seen: [String] = []
      var cursor: String?
      while true {
        let page = try await BuildLogReader(log: log).page(LogQuery(after: cursor, limit: 4))
        guard !page.entries.isEmpty else { break }
        #expect(page.entries.count <= 4)
        seen += page.entries.map(\.text)
        cursor = page.cursor
      }
      #expect(seen == ["Building x"] + (1...9).map { "line \($0)" })
      #expect(try await Self.texts(log, LogQuery(tail: 2)) == ["line 8", "line 9"])
      // Over: following does not wait.
      #expect(try await Self.texts(log, LogQuery(after: cursor, follow: true)) == [])
    }
  }

  @Test func aSecondAttemptGoesOnInTheSameFile() async throws {
    try await Self.withLog { log in
      try log.begin("x").append("one", isError: false)
      let page = try await BuildLogReader(log: log).page(LogQuery())
      let second = try log.begin("x")
      second.append("two", isError: false)
      #expect(
        try await Self.texts(log, LogQuery(after: page.cursor)) == ["The build was cut off, and begins again.", "two"]
      )
      log.remove()
      #expect(try await Self.texts(log) == [])
    }
  }

  @Test func followingWaitsForTheNextLine() async throws {
    try await Self.withLog { log in
      let writer = try log.begin("x")
      let page = try await BuildLogReader(log: log).page(LogQuery())
      async let next = Self.texts(log, LogQuery(after: page.cursor, follow: true))
      try await Task.sleep(for: .milliseconds(150))
      writer.append("late", isError: false)
      #expect(try await next == ["late"])
    }
  }

  @Test func aFullLogSaysSo() async throws {
    try await Self.withLog { log in
      let writer = try log.begin("x")
      let line = String(repeating: "x", count: 1 << 20)
      for _ in 0..<34 { writer.append(line, isError: false) }
      #expect(writer.size <= BuildLog.limit + 2 << 20)
      #expect(try await Self.texts(log, LogQuery(tail: 1)) == ["… (the log is full: the rest is left out)"])
    }
  }

  @Test(arguments: ["", "b1", "b1.-1", "b1.x", "e2.0.0.0.0"])
  func cursorsOfOthersAreRefused(cursor: String) async throws {
    try await Self.withLog { log in
      _ = await #expect(throws: SidecarError.self) {
        _ = try await BuildLogReader(log: log).page(LogQuery(after: cursor))
      }
    }
  }
}
