import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

/// Lines for people, on stderr: stdout carries the protocol or the result only.
enum StandardError {
  static func write(_ line: String) {
    var bytes = Array((line + "\n").utf8)
    bytes.withUnsafeMutableBytes { buffer in
      _ = Glibc.write(2, buffer.baseAddress, buffer.count)
    }
  }
}
