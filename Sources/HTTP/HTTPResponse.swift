import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The head of an answer, and its body as it comes in.
package struct HTTPResponse: Sendable {
  package let status: Int
  private let response: HTTPClientResponse

  init(_ response: HTTPClientResponse) {
    status = Int(response.status.code)
    self.response = response
  }

  package var isSuccess: Bool { (200..<300).contains(status) }

  /// All of them, as they came.
  package var headers: [(name: String, value: String)] { response.headers.map { ($0.name, $0.value) } }

  /// The first header of this name, whatever its case.
  package func header(_ name: String) -> String? { response.headers.first(name: name) }

  /// Hands over the body chunk by chunk, until it ends or `take` answers false. Throws `HTTPError`, or
  /// `CancellationError` where the task is cancelled.
  package func forEachChunk(_ take: ([UInt8]) throws -> Bool) async throws {
    var iterator = response.body.makeAsyncIterator()
    while true {
      let chunk: ByteBuffer?
      do { chunk = try await iterator.next() } catch { throw HTTPError.translated(error) }
      guard let chunk else { return }
      guard try take(Array(chunk.readableBytesView)) else { return }
    }
  }

  /// The body as it comes in, pulled chunk by chunk: who does not pull makes the sender wait. Once per response.
  package var chunks: HTTPChunks { HTTPChunks(response.body.makeAsyncIterator()) }

  /// The whole body; `HTTPError.tooLarge` beyond the limit.
  package func body(limit: Int = 16 << 20) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await forEachChunk { chunk in
      guard bytes.count + chunk.count <= limit else { throw HTTPError.tooLarge(limit: limit) }
      bytes += chunk
      return true
    }
    return bytes
  }
}

/// A body that is pulled chunk by chunk.
package struct HTTPChunks {
  private var iterator: HTTPClientResponse.Body.AsyncIterator

  fileprivate init(_ iterator: HTTPClientResponse.Body.AsyncIterator) { self.iterator = iterator }

  /// Nil at the end of the body. Throws `HTTPError`, or `CancellationError` where the task is cancelled.
  package mutating func next() async throws -> [UInt8]? {
    do {
      return try await iterator.next().map { Array($0.readableBytesView) }
    } catch {
      throw HTTPError.translated(error)
    }
  }
}
