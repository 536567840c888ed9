import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file to be sent as a request's body, from its beginning, any number of times. Closed when nobody holds it
/// any more: a request may still be sending when its answer is already there.
package final class HTTPFile: Sendable {
  package let descriptor: CInt
  /// Bytes to send. A file that turns out shorter fails the request.
  package let length: Int

  /// Takes over the descriptor.
  package init(adopting descriptor: CInt, length: Int) {
    self.descriptor = descriptor
    self.length = length
  }

  deinit { close(descriptor) }
}

/// The file's bytes, read on NIO's threads for blocking work.
struct HTTPFileChunks: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let file: HTTPFile

  struct AsyncIterator: AsyncIteratorProtocol {
    private static let chunk = 256 << 10
    let file: HTTPFile
    private var offset = 0

    init(file: HTTPFile) { self.file = file }

    mutating func next() async throws -> ByteBuffer? {
      let count = Swift.min(Self.chunk, file.length - offset)
      guard count > 0 else { return nil }
      let (file, start) = (file, offset)
      let buffer = try await NIOThreadPool.singleton.runIfActive { try Self.read(file, start, count) }
      offset += count
      return buffer
    }

    private static func read(_ file: HTTPFile, _ start: Int, _ count: Int) throws -> ByteBuffer {
      var buffer = ByteBuffer()
      while buffer.readableBytes < count {
        let done = buffer.readableBytes
        let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - done) { bytes in
          Swift.max(0, pread(file.descriptor, bytes.baseAddress, count - done, off_t(start + done)))
        }
        guard got > 0 else { throw HTTPError.other("the file to send became shorter, or can't be read") }
      }
      return buffer
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file) }
}
