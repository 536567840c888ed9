import JSON
import JSONRPC

/// Each input is a document (parse → write → parse must agree) and a stream (however it is cut, the same frames).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let value = try? JSONValue(parsing: bytes) {
    precondition((try? JSONValue(parsing: value.serialized())) == value, "the compact text differs")
    precondition((try? JSONValue(parsing: value.serialized(.golden))) == value, "the pretty text differs")
  }
  let whole = decode([bytes[...]])
  precondition(decode(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte the frames differ")
  let middle = count / 2
  precondition(decode([bytes[..<middle], bytes[middle...]]) == whole, "cut in two the frames differ")
  return 0
}

private func decode(_ pieces: [ArraySlice<UInt8>]) -> [[UInt8]] {
  var decoder = FrameDecoder(limit: 64)
  var events: [[UInt8]] = []
  func emit(_ event: FrameDecoder.Event) {
    switch event {
    case .message(let bytes): events.append(Array(bytes))
    case .failure(let error): events.append(Array(error.message.utf8))
    }
  }
  for piece in pieces { decoder.feed(piece, emit) }
  decoder.finish(emit)
  return events
}
