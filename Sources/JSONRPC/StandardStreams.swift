import CLinux
import Glibc

/// Keeps stdout for the protocol alone.
package enum StandardStreams {
  /// Duplicates the real stdout (closed on exec, so no child holds it) and points descriptor 1 at stderr: whatever a
  /// library prints then lands in the log. Also ignores SIGPIPE, so that a vanished reader is an error of write(2).
  /// Returns the descriptor to write the protocol to; nil where none could be had.
  package static func takeOver() -> Int32? {
    signal(SIGPIPE, SIG_IGN)
    let output = clinux_dup_cloexec(STDOUT_FILENO)
    guard output >= 0 else { return nil }
    guard dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      close(output)
      return nil
    }
    return output
  }
}
