import Glibc
import Model
import Platform

/// The log of a build, which no engine keeps: a file in the state folder, so that it survives the sidecar. A line is
/// `NANOSECONDS STREAM TEXT`, where the stream is `o`, `e`, or `x` for the end of an attempt, whose text is the id of the
/// image that it made, if any. A build that was cut off
/// and begins again goes on in the same file, so that cursors stay valid.
struct BuildLog: Sendable {
  /// What comes beyond it is left out, which the last line says.
  static let limit = 32 << 20

  let path: String

  /// `folder`: made where it is not there.
  init(folder: String, runID: String) {
    path = folder + "/" + runID + ".log"
  }

  /// Removes it; nothing to remove is no error.
  func remove() { unlink(path) }

  /// Opens it for one attempt. Throws where it can't be made.
  func begin(_ tag: String) throws -> Writer {
    for end in path.indices.dropFirst() where path[end] == "/" { mkdir(String(path[..<end]), 0o700) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw SidecarError(
        .engineError,
        "The build's log \(path) can't be written: \(String(cString: strerror(errno))).",
        hint: "Make its folder writable, or set XDG_STATE_HOME to another one."
      )
    }
    let writer = Writer(descriptor: descriptor)
    let isAgain = writer.size > 0
    writer.append(isAgain ? "The build was cut off, and begins again." : "Building \(tag)", isError: isAgain)
    return writer
  }

  /// Used by one build at a time: appends whole lines in single writes.
  final class Writer: Sendable {
    private let descriptor: CInt

    fileprivate init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    var size: Int {
      var information = stat()
      return fstat(descriptor, &information) == 0 ? Int(information.st_size) : 0
    }

    /// A full disk loses the line, not the build.
    func append(_ text: String, isError: Bool) {
      let size = size
      guard size < BuildLog.limit else { return }
      put(isError ? "e" : "o", text)
      if size + text.utf8.count >= BuildLog.limit - 64 { put("e", "… (the log is full: the rest is left out)") }
    }

    func end(image id: String? = nil) { put("x", id ?? "") }

    private func put(_ stream: String, _ text: String) {
      let line = Array("\(Timestamp.now().nanoseconds) \(stream) \(text)\n".utf8)
      _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
  }
}
