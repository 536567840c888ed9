import JSON
import Testing

@Test(
  "A document survives parsing and writing",
  arguments: [
    "null", "[]", "{}", #"{"a":[1,-2,3.50,1e400,-0,"x\n\"é😀",true,false,null],"b":{"c":{}}}"#, "9223372036854775807",
    "-9223372036854775808", "9223372036854775808",
  ]
)
func roundTrip(text: String) throws {
  #expect(try JSONValue(parsing: text).text() == text)
}
