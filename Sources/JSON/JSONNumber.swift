/// A number by its literal, so that what came in can go out unchanged, whatever its size or precision.
package struct JSONNumber: Sendable, Hashable {
  /// As RFC 8259, section 6 allows.
  package let literal: String

  /// The literal must be a valid RFC 8259 number: only the parser and code that has checked call this.
  package init(uncheckedLiteral literal: String) { self.literal = literal }

  /// The nearest double; nil where the literal is beyond its range.
  package var doubleValue: Double? { Double(literal).flatMap { $0.isFinite ? $0 : nil } }
}

extension JSONValue {
  /// A double; nil for a NaN or an infinity, which JSON does not have.
  package init?(_ double: Double) {
    guard double.isFinite else { return nil }
    if let integer = Int(exactly: double), integer != 0 || double.sign == .plus {
      self = .integer(integer)
    } else {
      self = .number(JSONNumber(uncheckedLiteral: "\(double)"))
    }
  }

  /// The nearest double of an integer or a number.
  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value.doubleValue
    default: nil
    }
  }
}
