import CLinux
import Glibc

/// Wakes a thread that waits in poll(2). A signal sent before the wait is not lost; several become one.
final class WakeSignal: Sendable {
  let descriptor: Int32

  /// Where the machine has no descriptor left, waits become sleeps of at most a tick: slower, never stuck.
  init() { descriptor = clinux_eventfd() }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func signal() {
    var one: UInt64 = 1
    while write(descriptor, &one, 8) < 0, errno == EINTR {}
  }

  /// Returns at a signal or after `milliseconds` (negative: no limit).
  func wait(milliseconds: Int32) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&entry, 1, descriptor < 0 ? 10 : milliseconds)
    clear()
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }
}

/// Runs `body` on a thread of its own, under a name that `ps -L` shows.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let box = Unmanaged.passRetained(
    Box {
      clinux_name_thread(name)
      body()
    }
  )
  var thread = pthread_t()
  let status = pthread_create(
    &thread,
    nil,
    { argument in
      guard let argument else { return nil }
      Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    },
    box.toOpaque()
  )
  guard status == 0 else {
    box.release()
    return
  }
  pthread_detach(thread)
}
