import Testing

@testable import HTTP

@Suite struct LineSplitterTests {
  private static let text = Array("one\r\n\ntwo three\nrest".utf8)

  @Test(arguments: 0...text.count)
  func linesAreTheSameAtEverySplit(split: Int) {
    var splitter = LineSplitter()
    var lines = splitter.lines(adding: Self.text[..<split])
    lines += splitter.lines(adding: Self.text[split...])
    #expect(lines.map { String(decoding: $0, as: UTF8.self) } == ["one", "", "two three"])
    #expect(splitter.rest().map { String(decoding: $0, as: UTF8.self) } == "rest")
    #expect(splitter.rest() == nil)
  }
}
