import NIOCore
import NIOHTTP1

/// A whole answer.
package struct HTTPReply: Sendable {
  package let status: Int
  package let body: [UInt8]
  private let heads: HTTPHeaders

  init(status: Int, headers: HTTPHeaders, body: ByteBuffer?) {
    self.status = status
    heads = headers
    self.body = body.map { Array($0.readableBytesView) } ?? []
  }

  /// The first header of this name, whatever its case.
  package func header(_ name: String) -> String? { heads.first(name: name) }
}
