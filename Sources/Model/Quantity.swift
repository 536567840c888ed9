/// A Kubernetes quantity (apimachinery's resource.Quantity): kept as written, comparable by value.
///
/// `<sign>? <digits>[.<digits>]` and a suffix: decimalSI `n u m "" k M G T P E`, binarySI `Ki Mi Gi Ti Pi Ei`, or an
/// exponent `e3`, `E-3`. Negative values are refused here: nothing that is asked for can be less than nothing.
package struct Quantity: Sendable, Hashable {
  package let text: String
  /// In thousandths, rounded up (as Kubernetes does); nothing above `Int64.max` thousandths is accepted.
  package let milliValue: Int64

  package init?(_ text: String) {
    guard let milliValue = Self.milliValue(of: text) else { return nil }
    self.text = text
    self.milliValue = milliValue
  }

  /// In whole units (bytes, cores), rounded up.
  package var value: Int64 { milliValue / 1000 + (milliValue % 1000 > 0 ? 1 : 0) }

  private static func milliValue(of text: String) -> Int64? {
    var rest = Array(text.utf8)[...]
    if rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = rest.prefix(while: isDigit)
      rest = rest.dropFirst(fraction.count)
    }
    guard !(whole.isEmpty && fraction.isEmpty), let suffix = Suffix(String(decoding: rest, as: UTF8.self)) else {
      return nil
    }
    let zero = UInt8(ascii: "0")
    var digits = (Array(whole) + Array(fraction)).drop { $0 == zero }
    guard !digits.isEmpty else { return 0 }
    var exponent = suffix.powerOfTen + 3 - fraction.count
    while exponent < 0, digits.last == zero {
      digits = digits.dropLast()
      exponent += 1
    }
    return scaled(digits, exponent: exponent, shift: suffix.powerOfTwo)
  }

  /// digits × 10^exponent × 2^shift, rounded up; nil beyond Int64.
  private static func scaled(_ digits: ArraySlice<UInt8>, exponent: Int, shift: Int) -> Int64? {
    // More than 38 digits can't be exact in 128 bits; nobody writes them.
    guard digits.count <= 30, exponent <= 40 else { return nil }
    var value: UInt128 = 0
    for digit in digits { value = value * 10 + UInt128(digit - UInt8(ascii: "0")) }
    for _ in 0..<max(0, exponent) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
    }
    let factor = UInt128(1) << UInt128(shift)
    // Dividing first would lose what rounding up needs, so the product is made first.
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    if overflow { return nil }
    value = product
    if exponent < 0 {
      guard -exponent <= 38 else { return 1 }
      var divisor: UInt128 = 1
      for _ in 0..<(-exponent) { divisor *= 10 }
      value = value / divisor + (value % divisor == 0 ? 0 : 1)
    }
    return Int64(exactly: value)
  }

  private struct Suffix {
    var powerOfTen = 0
    var powerOfTwo = 0

    init?(_ text: String) {
      switch text {
      case "": break
      case "n": powerOfTen = -9
      case "u": powerOfTen = -6
      case "m": powerOfTen = -3
      case "k": powerOfTen = 3
      case "M": powerOfTen = 6
      case "G": powerOfTen = 9
      case "T": powerOfTen = 12
      case "P": powerOfTen = 15
      case "E": powerOfTen = 18
      case "Ki": powerOfTwo = 10
      case "Mi": powerOfTwo = 20
      case "Gi": powerOfTwo = 30
      case "Ti": powerOfTwo = 40
      case "Pi": powerOfTwo = 50
      case "Ei": powerOfTwo = 60
      default:
        guard text.first == "e" || text.first == "E", let power = Int(text.dropFirst()), abs(power) <= 40 else {
          return nil
        }
        powerOfTen = power
      }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
