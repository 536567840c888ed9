/// A Kubernetes quantity (apimachinery's resource.Quantity): kept as written, comparable by value.
package struct Quantity: Sendable, Hashable {
  package let text: String
  /// In thousandths, rounded up.
  package let milliValue: Int64

  package init?(_ text: String) {
    guard let milliValue = Self.milliValue(of: text) else { return nil }
    self.text = text
    self.milliValue = milliValue
  }

  /// In whole units (bytes, cores), rounded up.
  package var value: Int64 { milliValue / 1000 + (milliValue % 1000 > 0 ? 1 : 0) }

  private static func milliValue(of text: String) -> Int64? { nil }
}
