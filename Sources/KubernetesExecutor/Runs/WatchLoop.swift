import HTTP
import JSON
import Model

/// Keeps one kind up to date, for as long as its task lives.
struct WatchLoop: Sendable {
  /// As client-go's reflector: 0.8 s to 30 s, begun anew after two good minutes.
  private static let shortestPause = 0.8
  private static let longestPause = 30.0

  let kind: Resource
  let watch: ClusterWatch
  let connection: ClusterConnection

  private enum Place {
    case unknown
    case at(String)
  }

  func run() async {
    var place = Place.unknown
    var pause = Self.shortestPause
    var good = ContinuousClock.now
    while !Task.isCancelled {
      do {
        let client = try await connection.client()
        if case .unknown = place { place = .at(try await list(client)) }
        guard case .at(let version) = place else { continue }
        place = try await follow(client, from: version)
        if ContinuousClock.now - good > .seconds(120) { pause = Self.shortestPause }
        // An end after the time asked for is as it should be; one at once is not.
        if ContinuousClock.now - good > .seconds(1) { pause = Self.shortestPause }
        good = ContinuousClock.now
        continue
      } catch is CancellationError {
        return
      } catch let error as SidecarError {
        await watch.failed(kind, error)
        if error.code == .credentialsRejected, let client = try? await connection.client() {
          _ = try? await connection.renewed(after: client)
        }
      } catch {
        let words = (error as? HTTPError)?.message ?? "\(error)"
        await watch.failed(kind, SidecarError(.clusterUnavailable, "The cluster does not answer.", cause: words))
      }
      try? await Task.sleep(for: .seconds(pause * Double.random(in: 1...2)))
      pause = min(pause * 2, Self.longestPause)
      good = ContinuousClock.now
    }
  }

  /// The version from which to watch.
  private func list(_ client: KubernetesClient) async throws -> String {
    var objects: [JSONObject] = []
    var continued: String?
    while true {
      let reply = try await client.list(kind, selector: ClusterWatch.selector, continued: continued)
      guard reply.isSuccess, let json = reply.json else {
        throw reply.refusal("list \(kind.rawValue)s in the namespace \(client.namespace)")
      }
      objects += (json["items"]?.arrayValue ?? []).compactMap(\.objectValue).map { object in
        // A list's items have no kind of their own.
        var object = object
        object["kind"] = .string(kind.rawValue)
        return object
      }
      continued = json["metadata"]?["continue"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
      guard continued != nil else {
        await watch.replace(kind, objects)
        return json["metadata"]?["resourceVersion"]?.stringValue ?? "0"
      }
    }
  }

  /// Returns where to go on from when the stream has ended.
  private func follow(_ client: KubernetesClient, from start: String) async throws -> Place {
    let path =
      kind.path(client.namespace)
      + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=\(Int.random(in: 240...480))"
      + "&resourceVersion=\(HTTPRequest.percentEncoded(start))"
      + "&labelSelector=\(HTTPRequest.percentEncoded(ClusterWatch.selector))"
    let response = try await client.open("GET", path, longLived: true)
    guard response.isSuccess else {
      let reply = APIReply(status: response.status, json: try? JSONValue(parsing: try await response.body()))
      if reply.status == 410 { return .unknown }
      throw reply.refusal("watch \(kind.rawValue)s in the namespace \(client.namespace)")
    }
    await watch.failed(kind, nil)
    var version = start
    var splitter = LineSplitter()
    var chunks = response.chunks
    while let chunk = try await chunks.next() {
      for line in splitter.lines(adding: chunk) {
        guard let event = try? JSONValue(parsing: line), let object = event["object"]?.objectValue else { continue }
        if event["type"]?.stringValue == "ERROR" {
          if object["code"]?.integerValue == 410 { return .unknown }
          throw APIReply(status: object["code"]?.integerValue ?? 500, json: .object(object)).refusal("watch")
        }
        version = object["metadata"]?["resourceVersion"]?.stringValue ?? version
        switch event["type"]?.stringValue {
        case "ADDED", "MODIFIED": await watch.change(kind, object, isDeleted: false)
        case "DELETED": await watch.change(kind, object, isDeleted: true)
        default: break
        }
      }
    }
    return .at(version)
  }
}
