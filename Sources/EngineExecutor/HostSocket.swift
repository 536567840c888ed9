import Glibc

/// TCP ports of this machine, looked at without ever waiting in a system call.
enum HostSocket {
  /// Whether somebody listens there already. Whoever may not bind the port can't know, and is told no.
  static func isTaken(_ port: Int, on address: String) -> Bool {
    guard let descriptor = open(address) else { return false }
    defer { close(descriptor) }
    // So that connections which are over don't count; a listener does.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return withAddress(address, port) { bind(descriptor, $0, $1) != 0 && errno == EADDRINUSE }
  }

  /// Whether a connection is accepted, and kept: a proxy of the engine accepts before it knows whether the program
  /// listens, and hangs up then.
  static func accepts(_ port: Int, on address: String) async throws -> Bool {
    guard let descriptor = open(address) else { return false }
    defer { close(descriptor) }
    if withAddress(address, port, { connect(descriptor, $0, $1) }) != 0 {
      guard errno == EINPROGRESS else { return false }
      guard try await becomes(Int16(POLLOUT), descriptor, milliseconds: 1000) else { return false }
      var failure: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0 else { return false }
    }
    guard try await becomes(Int16(POLLIN), descriptor, milliseconds: 100) else { return true }
    var byte: UInt8 = 0
    // Something to read: the program speaks first. The end or an error: nobody is behind it.
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
  }

  private static func becomes(_ events: Int16, _ descriptor: Int32, milliseconds: Int) async throws -> Bool {
    for _ in 0...(milliseconds / 10) {
      var poll = pollfd(fd: descriptor, events: events, revents: 0)
      if Glibc.poll(&poll, 1, 0) > 0 { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  private static func open(_ address: String) -> Int32? {
    let family = address.contains(":") ? AF_INET6 : AF_INET
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    return descriptor < 0 ? nil : descriptor
  }

  private static func withAddress<Result>(
    _ address: String,
    _ port: Int,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    if address.contains(":") {
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = in_port_t(port).bigEndian
      inet_pton(AF_INET6, address, &place.sin6_addr)
      return withUnsafePointer(to: &place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
      }
    }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = in_port_t(port).bigEndian
    inet_pton(AF_INET, address.isEmpty ? "0.0.0.0" : address, &place.sin_addr)
    return withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
