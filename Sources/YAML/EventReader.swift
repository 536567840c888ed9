internal import CYAML

/// libyaml's events, one after the other. Owns the parser and the bytes.
final class EventReader {
  enum Event {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(Scalar)
    case sequenceStart(anchor: String?, tag: String?)
    case sequenceEnd
    case mappingStart(anchor: String?, tag: String?)
    case mappingEnd
  }

  struct Scalar {
    var text: String
    var anchor: String?
    var tag: String?
    /// Without quotes, on one line or several.
    var isPlain: Bool
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init(_ input: [UInt8]) throws(YAMLError) {
    parser = .allocate(capacity: 1)
    bytes = .allocate(capacity: input.count)
    _ = bytes.initialize(from: input)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.pointee = yaml_parser_t()
      throw YAMLError(code: .tooLarge, message: "no memory for the parser", position: YAMLPosition(line: 1, column: 1))
    }
    // Only UTF-8, as everywhere: no guessing by byte order marks.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    bytes.deallocate()
  }

  func next() throws(YAMLError) -> (event: Event, position: YAMLPosition) {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw error }
    defer { yaml_event_delete(&event) }
    let position = Self.position(event.start_mark)
    return (try Self.event(event, position), position)
  }

  private static func event(_ event: yaml_event_t, _ position: YAMLPosition) throws(YAMLError) -> Event {
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let content = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        Scalar(
          text: String(decoding: content, as: UTF8.self),
          anchor: text(scalar.anchor),
          tag: text(scalar.tag),
          isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE
        )
      )
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(anchor: text(start.anchor), tag: text(start.tag))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(anchor: text(start.anchor), tag: text(start.tag))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: throw YAMLError(code: .syntax, message: "the text ends too early", position: position)
    }
  }

  private var error: YAMLError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "no memory"
    let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
    if parser.pointee.error == YAML_READER_ERROR {
      return YAMLError(
        code: .syntax,
        message: "not UTF-8 text: \(problem)",
        position: position(ofByte: parser.pointee.problem_offset)
      )
    }
    return YAMLError(
      code: .syntax,
      message: context + problem,
      position: Self.position(parser.pointee.problem_mark)
    )
  }

  private func position(ofByte offset: Int) -> YAMLPosition {
    let before = bytes.prefix(max(0, min(offset, bytes.count)))
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    return YAMLPosition(
      line: line,
      column: String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
    )
  }

  private static func position(_ mark: yaml_mark_t) -> YAMLPosition {
    YAMLPosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private static func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    characters.map { String(cString: $0) }
  }
}
