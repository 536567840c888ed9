/// The function's source as a build takes it in: files, in memory or on disk. A value; whoever fetched a folder names
/// its files here.
package struct BuildSource: Sendable, Hashable {
  package enum Contents: Sendable, Hashable {
    case bytes([UInt8])
    /// Read when it is sent: exactly `size` bytes.
    case file(path: String, size: Int)

    var size: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .file(_, let size): size
      }
    }
  }

  package struct File: Sendable, Hashable {
    /// Relative to the source, with `/`, without `..`.
    package var name: String
    package var contents: Contents
    package var isExecutable: Bool

    package init(name: String, contents: Contents, isExecutable: Bool = false) {
      self.name = name
      self.contents = contents
      self.isExecutable = isExecutable
    }
  }

  package var files: [File]

  package init(files: [File]) { self.files = files }
}
