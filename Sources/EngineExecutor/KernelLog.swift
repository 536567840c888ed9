import Glibc

/// The kernel's own record of out-of-memory kills: Podman does not pass them on.
enum KernelLog {
  /// Whether /dev/kmsg names the container in a line about an out-of-memory kill; false where it can't be read.
  static func recordsOutOfMemory(containerID: String) -> Bool {
    guard containerID.count >= 12 else { return false }
    let descriptor = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var record = [UInt8](repeating: 0, count: 8192)
    // One read gives one record; EPIPE means that older ones were overwritten meanwhile.
    while true {
      let count = read(descriptor, &record, record.count)
      if count < 0, errno == EPIPE || errno == EINTR { continue }
      guard count > 0 else { return false }
      if names(containerID, in: String(decoding: record[..<count], as: UTF8.self)) { return true }
    }
  }

  static func names(_ containerID: String, in line: String) -> Bool {
    (line.contains("oom_memcg=") || line.contains("task_memcg=") || line.contains("oom-kill"))
      && line.contains(containerID)
  }
}
