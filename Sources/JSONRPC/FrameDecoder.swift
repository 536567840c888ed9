internal import JSON

/// How messages are told apart on a stream of bytes.
package enum Framing: Sendable, Hashable {
  /// One message per line.
  case lines
  /// `Content-Length: N`, an empty line, N bytes: LSP's base protocol.
  case headers

  /// Lines unless the stream starts with a letter, as a header's name does and no JSON message can.
  package static func detected(from byte: UInt8) -> Framing {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): .headers
    default: .lines
    }
  }

  /// One compact message with its frame around it.
  package func frame(_ message: [UInt8]) -> [UInt8] {
    switch self {
    case .lines: message + [0x0A]
    case .headers: Array("Content-Length: \(message.count)\r\n\r\n".utf8) + message
    }
  }
}

/// Cuts a stream into messages, fed in pieces of any size. Never holds more than the limit; a bad or oversized frame
/// is reported once, skipped, and the next one is found again.
package struct FrameDecoder {
  package enum Event: Sendable, Hashable {
    case message(ArraySlice<UInt8>)
    /// A frame that never became a message; to be answered with a null id.
    case failure(ResponseError)
  }

  private enum Phase {
    case undetected, line, skipLine, headerStart, headers, resynchronize
    case body(left: Int)
    case skipBody(left: Int)
  }

  /// Known from the first byte on.
  package private(set) var framing: Framing?
  private let limit: Int
  private var phase = Phase.undetected
  private var buffer: [UInt8] = []

  /// Enough for any client's headers.
  private static let headerLimit = 8192
  private static let anchor = Array("content-length:".utf8)

  package init(limit: Int = 64 << 20) { self.limit = max(limit, 1) }

  package mutating func feed(_ bytes: ArraySlice<UInt8>, _ emit: (Event) -> Void) {
    var rest = bytes
    while let first = rest.first {
      switch phase {
      case .undetected:
        let framing = Framing.detected(from: first)
        self.framing = framing
        phase = framing == .lines ? .line : .headerStart
      case .line: readLine(&rest, emit)
      case .skipLine:
        guard let end = rest.firstIndex(of: 0x0A) else { return }
        rest = rest[(end + 1)...]
        phase = .line
      case .headerStart: startHeaders(&rest, first, emit)
      case .headers: readHeaders(&rest, emit)
      case .resynchronize: resynchronize(&rest)
      case .body(let left): readBody(&rest, left, emit)
      case .skipBody(let left):
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        phase = count == left ? .headerStart : .skipBody(left: left - count)
      }
    }
  }

  /// At the end of the input: a last line needs no line feed; a frame cut short is reported.
  package mutating func finish(_ emit: (Event) -> Void) {
    switch phase {
    case .line: emitLine(buffer[...], emit)
    case .headers, .body: emit(.failure(Self.bad("the input ends within a frame")))
    default: break
    }
    buffer = []
    phase = .undetected
  }

  // MARK: Lines

  private mutating func readLine(_ rest: inout ArraySlice<UInt8>, _ emit: (Event) -> Void) {
    let end = rest.firstIndex(of: 0x0A)
    let part = rest[..<(end ?? rest.endIndex)]
    rest = end.map { rest[($0 + 1)...] } ?? []
    guard buffer.count + part.count <= limit else {
      buffer = []
      if end == nil { phase = .skipLine }
      emit(.failure(oversized("the line")))
      return
    }
    if end == nil {
      buffer.append(contentsOf: part)
    } else if buffer.isEmpty {
      emitLine(part, emit)
    } else {
      buffer.append(contentsOf: part)
      let line = buffer
      buffer = []
      emitLine(line[...], emit)
    }
  }

  /// Blank lines are no messages.
  private func emitLine(_ line: ArraySlice<UInt8>, _ emit: (Event) -> Void) {
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
    emit(.message(line))
  }

  // MARK: Headers

  private mutating func startHeaders(_ rest: inout ArraySlice<UInt8>, _ first: UInt8, _ emit: (Event) -> Void) {
    switch first {
    case 0x0A, 0x0D, 0x20, 0x09: rest = rest.dropFirst()
    case _ where Framing.detected(from: first) == .headers: phase = .headers
    default:
      emit(.failure(Self.bad("expected 'Content-Length: N'; was an earlier Content-Length too small?")))
      phase = .resynchronize
    }
  }

  private mutating func readHeaders(_ rest: inout ArraySlice<UInt8>, _ emit: (Event) -> Void) {
    while let byte = rest.popFirst() {
      buffer.append(byte)
      if byte == 0x0A, buffer.hasSuffix([0x0A, 0x0A]) || buffer.hasSuffix([0x0A, 0x0D, 0x0A]) {
        let block = buffer
        buffer = []
        endHeaders(block, emit)
        return
      }
      if buffer.count > Self.headerLimit {
        buffer = []
        phase = .resynchronize
        emit(.failure(Self.bad("a header block of more than \(Self.headerLimit) bytes")))
        return
      }
    }
  }

  private mutating func endHeaders(_ block: [UInt8], _ emit: (Event) -> Void) {
    switch Self.contentLength(block) {
    case .failure(let error):
      phase = .resynchronize
      emit(.failure(error))
    case .success(0):
      phase = .headerStart
      emit(.failure(Self.bad("a frame of 0 bytes holds no message")))
    case .success(let length) where length > limit:
      phase = .skipBody(left: length)
      emit(.failure(oversized("the frame of \(length) bytes")))
    case .success(let length): phase = .body(left: length)
    }
  }

  private static func contentLength(_ block: [UInt8]) -> Result<Int, ResponseError> {
    var length: Int?
    for line in block.split(separator: 0x0A) where line != [0x0D] {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
        return .failure(bad("a header line without ':'"))
      }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      guard name == "content-length" else { continue }
      let digits = line[(colon + 1)...].filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
      guard length == nil, digits.allSatisfy({ (0x30...0x39).contains($0) }),
        let value = Int(String(decoding: digits, as: UTF8.self))
      else { return .failure(bad("Content-Length must be given once, as a decimal number of bytes")) }
      length = value
    }
    return length.map { .success($0) } ?? .failure(bad("a header block without Content-Length"))
  }

  private mutating func readBody(_ rest: inout ArraySlice<UInt8>, _ left: Int, _ emit: (Event) -> Void) {
    let part = rest.prefix(left)
    rest = rest.dropFirst(part.count)
    if part.count < left {
      buffer.append(contentsOf: part)
      phase = .body(left: left - part.count)
      return
    }
    phase = .headerStart
    guard !buffer.isEmpty else { return emit(.message(part)) }
    buffer.append(contentsOf: part)
    let body = buffer
    buffer = []
    emit(.message(body[...]))
  }

  /// The length of a frame with bad headers is unknown: skip to where the next Content-Length is named.
  private mutating func resynchronize(_ rest: inout ArraySlice<UInt8>) {
    while let byte = rest.popFirst() {
      buffer.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
      if buffer.count > Self.anchor.count { buffer.removeFirst() }
      if buffer == Self.anchor {
        phase = .headers
        return
      }
    }
  }

  // MARK: Failures

  private func oversized(_ what: String) -> ResponseError {
    ResponseError(
      code: ResponseError.invalidRequestCode,
      message: "\(what) exceeds the limit of \(limit) bytes for one message",
      data: ["code": "invalid_request", "retryable": false]
    )
  }

  private static func bad(_ message: String) -> ResponseError {
    ResponseError(
      code: ResponseError.parseErrorCode,
      message: "bad frame: \(message)",
      data: ["code": "parse_error", "retryable": false]
    )
  }
}

extension [UInt8] {
  fileprivate func hasSuffix(_ end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}
