/// What a double is like. All of it can be changed while it runs.
package struct DoubleOptions: Sendable {
  /// How long a run stays in each state, in milliseconds.
  package struct Pace: Sendable {
    package var ready: Milliseconds = 30
    /// Levels 14 and 15 only.
    package var pending: Milliseconds = 30
    /// A job or a build; a service runs on.
    package var running: Milliseconds = 60
    package var stop: Milliseconds = 30
    package var resume: Milliseconds = 30
    /// From DELETING until the run is gone.
    package var delete: Milliseconds = 30
    /// Between two log lines of a service.
    package var line: Milliseconds = 10

    package init() {}

    /// Every state lasts as long.
    package init(each milliseconds: Milliseconds) {
      ready = milliseconds
      pending = milliseconds
      running = milliseconds
      stop = milliseconds
      resume = milliseconds
      delete = milliseconds
      line = milliseconds
    }
  }

  /// A version header: what a release of the level sends, none, or any text.
  package enum VersionHeader: Sendable, Hashable {
    case ofLevel
    case absent
    case text(String)
  }

  /// What an element of `…/logs` looks like.
  package enum LogShape: String, Sendable {
    /// 0.13, 0.14: `spec {run, timestamp}`, `status {pod, container, namespace}`.
    case record
    /// 0.15.0: the same, and `extensions`.
    case extended
    /// 0.15.1 (beta): `{id, run, project, user, metadata, extensions, content}`.
    case flat
  }

  package enum Authentication: String, Sendable {
    case none, basic, bearer
  }

  /// 13, 14 or 15.
  package var level: Int
  package var apiLevel = VersionHeader.ofLevel
  package var apiVersion = VersionHeader.ofLevel
  package var pace = Pace()
  /// Time stands still, and `advance(by:)` moves it.
  package var isTimeManual = false
  /// Nil: the level's.
  package var logShape: LogShape?

  package var authentication = Authentication.none
  /// Passwords by user, for Basic.
  package var users = ["u": "pw"]
  package var personalAccessTokens: Set<String> = ["dhcp_pat"]
  /// Secrets by client, for client_credentials.
  package var clients = ["c": "secret"]
  /// Flattened into what the token endpoint gives for the scope `credentials`.
  package var credentials: [String: String] = [:]
  /// In seconds: what `expires_in` says, and when a token that was issued stops being good. Those that are good at the
  /// start, `access-1` and `refresh-1`, stay so until they are used up or expired by hand.
  package var accessTokenLifetime = 3600
  /// The caller has no role in these.
  package var forbiddenProjects: Set<String> = []

  /// Names of the templates in `k8s_resource_profiles`.
  package var profiles = ["template-a100"]
  package var sharedVolumes: Set<String> = ["shared"]
  package var namespace = "dh"
  package var registry = "registry.example"
  /// A folder with `0.13.x`, `0.14.x`, `0.15-main`, each `{function, task, run}/KIND.json`. Nil: schemas are minimal.
  package var schemas: String?

  package init(level: Int = 15) { self.level = level }

  var effectiveLogShape: LogShape { logShape ?? (level >= 15 ? .extended : .record) }

  var versionHeaders: [(name: String, value: String)] {
    func header(_ name: String, _ header: VersionHeader, ofLevel: String) -> [(name: String, value: String)] {
      switch header {
      case .ofLevel: [(name, ofLevel)]
      case .absent: []
      case .text(let text): [(name, text)]
      }
    }
    return header("X-Api-Version", apiVersion, ofLevel: "0.\(level).0")
      + header("X-Api-Level", apiLevel, ofLevel: "\(level)")
  }
}
