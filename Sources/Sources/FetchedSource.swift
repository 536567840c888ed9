/// A source as files on this machine, wherever it came from.
package struct FetchedSource: Sendable {
  /// The files: `entries` have their names and where they are; `path` is the file or the folder.
  package let source: LocalSource
  /// What was made for it; nil where the files are the user's own.
  private let folder: String?
  private let workspace: SourceWorkspace

  init(_ source: LocalSource, folder: String?, workspace: SourceWorkspace) {
    self.source = source
    self.folder = folder
    self.workspace = workspace
  }

  /// Removes what was made for it; to be called when the files are no longer needed.
  package func discard() async {
    guard let folder else { return }
    let workspace = workspace
    _ = try? await BlockingThread.run { _ in workspace.remove(folder) }
  }
}
