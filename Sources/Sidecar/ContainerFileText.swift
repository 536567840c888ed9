internal import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The text of a container file by its path.
enum ContainerFileText {
  /// No container file has reason to be larger.
  static let byteLimit = 4 << 20

  /// Throws a `Fault` at `/path` where it can't be read.
  static func read(_ path: String) throws(Fault) -> String {
    // NONBLOCK: a FIFO without a writer must not hold the call up.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw unreadable(path, "it is no file")
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
      guard bytes.count <= byteLimit else { throw unreadable(path, "it is larger than \(byteLimit) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw unreadable(path, "it is not UTF-8") }
    return text
  }

  private static func unreadable(_ path: String, _ reason: String) -> Fault {
    Fault(
      pointer: "/path",
      rule: "file",
      message: "\(path) can't be read: \(reason).",
      hint: "A relative path is taken from the folder that dh-sidecar was started in."
    )
  }
}
