import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A piece of a request's body that is sent piece by piece.
package enum HTTPPart: Sendable {
  case bytes([UInt8])
  /// Opened only when it is its turn, so that any number of files may follow one another. One that turns out shorter
  /// fails the request.
  case file(path: String, length: Int)

  var length: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(_, let length): length
    }
  }
}

/// The bytes of all parts, one after the other.
struct HTTPPartChunks: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let parts: [HTTPPart]

  struct AsyncIterator: AsyncIteratorProtocol {
    private var rest: ArraySlice<HTTPPart>
    private var file: HTTPFileChunks.AsyncIterator?

    init(parts: [HTTPPart]) { rest = parts[...] }

    mutating func next() async throws -> ByteBuffer? {
      while true {
        if var open = file {
          let chunk = try await open.next()
          file = chunk == nil ? nil : open
          if let chunk { return chunk }
        }
        switch rest.popFirst() {
        case nil: return nil
        case .bytes(let bytes)?: return ByteBuffer(bytes: bytes)
        case .file(let path, let length)?:
          let descriptor = open(path, O_RDONLY | O_CLOEXEC)
          guard descriptor >= 0 else {
            throw HTTPError.other("\(path) can't be read: \(String(cString: strerror(errno)))")
          }
          file = HTTPFileChunks(file: HTTPFile(adopting: descriptor, length: length)).makeAsyncIterator()
        }
      }
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(parts: parts) }
}
