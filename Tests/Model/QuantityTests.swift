import Model
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    ("0", 0), ("1", 1000), ("500m", 500), ("1.5", 1500), (".5", 500), ("5.", 5000), ("+2", 2000), ("1n", 1), ("1u", 1),
    ("1001u", 2), ("1k", 1_000_000), ("1M", 1_000_000_000), ("1Ki", 1_024_000), ("512Mi", 536_870_912_000),
    ("1.5Gi", 1_610_612_736_000), ("1e3", 1_000_000), ("1E-3", 1), ("1E3", 1_000_000), ("0.0001", 1),
    ("1P", 1_000_000_000_000_000_000), ("0Ei", 0), ("000", 0),
    ("0.5Ki", 512_000), ("1000000n", 1),
  ])
  func accepts(text: String, milli: Int64) {
    #expect(Quantity(text)?.milliValue == milli)
    #expect(Quantity(text)?.text == text)
  }

  @Test(arguments: [
    "", " ", "m", ".", "-1", "1 ", " 1", "1.2.3", "1mi", "1MI", "1KI", "1K", "1Kii", "1e", "1e+", "1ee3", "one", "0x10",
    "1Ei", "10E", "9223372036854775808", "1e99", "1e-99", "99999999999999999999999999999999999999999999", "1,5",
  ])
  func refuses(text: String) { #expect(Quantity(text) == nil) }

  @Test func roundsUp() {
    #expect(Quantity("1500m")?.value == 2)
    #expect(Quantity("1n")?.value == 1)
  }
}
