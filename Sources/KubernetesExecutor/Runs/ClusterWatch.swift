import HTTP
import JSON
import Model
import Platform

/// Everything that the cluster says of our runs, kept up to date by one watch a kind, however many runs there are: list,
/// then watch from there, with bookmarks; list again where the server has forgotten that place (410 Gone).
actor ClusterWatch {
  static let kinds: [Resource] = [.pod, .job, .deployment]
  static let selector = "\(RunLabels.managedBy)=\(RunLabels.manager),\(RunLabels.run)"

  private struct Entry {
    var run = ClusterRun()
    var revision = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let connection: ClusterConnection
  private var entries: [String: Entry] = [:]
  private var loops: [Task<Void, Never>] = []
  private var synced: Set<Resource> = []
  /// Why a kind can't be listed at the moment.
  private var failures: [Resource: SidecarError] = [:]
  private var nextWaiter = 0

  init(connection: ClusterConnection) { self.connection = connection }

  /// What is known of the run, and the place to wait for a change from. Begins to watch where nobody has asked before.
  /// Throws why the cluster can't be watched.
  func look(_ runID: String) async throws -> (run: ClusterRun, revision: Int) {
    if loops.isEmpty {
      loops = Self.kinds.map { kind in Task { await WatchLoop(kind: kind, watch: self, connection: connection).run() } }
    }
    let patience = ContinuousClock.now + .seconds(15)
    while synced.count < Self.kinds.count {
      if let failure = failures.values.first { throw failure }
      guard ContinuousClock.now < patience else {
        throw SidecarError(.clusterUnavailable, "The cluster has not told its objects within 15 s.")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    if let failure = failures.values.first { throw failure }
    let entry = entries[runID] ?? Entry()
    return (entry.run, entry.revision)
  }

  /// Returns when something has changed since the revision, after the time, or when the task is cancelled.
  func change(_ runID: String, after revision: Int, atMost: Duration) async {
    guard (entries[runID]?.revision ?? 0) == revision, !Task.isCancelled else { return }
    nextWaiter += 1
    let waiter = nextWaiter
    let timer = Task {
      try? await Task.sleep(for: atMost)
      wake(waiter, of: runID)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { return continuation.resume() }
        entries[runID, default: Entry()].waiters[waiter] = continuation
      }
    } onCancel: {
      Task { await wake(waiter, of: runID) }
    }
    timer.cancel()
  }

  /// What a call of ours has just made, before the watch tells it.
  func put(_ kind: Resource, _ object: JSONObject) { change(kind, object, isDeleted: false) }

  /// The run is no more: whatever the watch may still hold of it.
  func forget(_ runID: String) {
    guard let entry = entries.removeValue(forKey: runID) else { return }
    for waiter in entry.waiters.values { waiter.resume() }
  }

  func shutdown() {
    for loop in loops { loop.cancel() }
    loops = []
    for runID in entries.keys { changed(runID) }
  }

  // MARK: Told by the loops

  /// All objects of the kind that there are.
  func replace(_ kind: Resource, _ objects: [JSONObject]) {
    var listed: [String: [JSONObject]] = [:]
    for object in objects {
      if let runID = Self.runID(object) { listed[runID, default: []].append(object) }
    }
    for runID in Set(entries.keys).union(listed.keys) {
      let found = listed[runID] ?? []
      var entry = entries[runID] ?? Entry()
      switch kind {
      case .pod: entry.run.pods = found
      case .job, .deployment:
        if let workload = found.first {
          entry.run.workload = workload
        } else if entry.run.workload?["kind"]?.stringValue == kind.rawValue {
          entry.run.workload = nil
        }
      default: break
      }
      entries[runID] = entry
      changed(runID)
    }
    synced.insert(kind)
    failures[kind] = nil
  }

  func change(_ kind: Resource, _ object: JSONObject, isDeleted: Bool) {
    guard let runID = Self.runID(object) else { return }
    var entry = entries[runID] ?? Entry()
    switch kind {
    case .pod:
      let uid = object["metadata"]?["uid"]
      entry.run.pods.removeAll { $0["metadata"]?["uid"] == uid }
      // The last word of a pod that is removed still tells how it ended.
      if !isDeleted { entry.run.pods.append(object) }
    case .job, .deployment: entry.run.workload = isDeleted ? nil : object
    default: break
    }
    entries[runID] = entry
    changed(runID)
  }

  func failed(_ kind: Resource, _ error: SidecarError?) { failures[kind] = error }

  private func changed(_ runID: String) {
    guard var entry = entries[runID] else { return }
    entry.revision += 1
    let waiters = entry.waiters
    entry.waiters = [:]
    entries[runID] = entry
    for waiter in waiters.values { waiter.resume() }
  }

  private func wake(_ waiter: Int, of runID: String) {
    entries[runID]?.waiters.removeValue(forKey: waiter)?.resume()
  }

  private static func runID(_ object: JSONObject) -> String? {
    object["metadata"]?["labels"]?[RunLabels.run]?.stringValue
  }
}
