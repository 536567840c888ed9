internal import Model

/// Quantities as Core's schemas want them, `^\d+([a-zA-Z]+)?$`: no fractions, no exponents. Kept as written where that
/// fits, else the same amount in the next smaller unit, rounded up.
enum CoreQuantity {
  /// `name` is cpu, mem, gpu or disk: what the amount counts.
  static func text(_ quantity: Quantity, of name: String) -> String {
    let digits = quantity.text.utf8.prefix { (48...57).contains($0) }
    let suffix = quantity.text.utf8.dropFirst(digits.count)
    let isPlain = !digits.isEmpty && suffix.allSatisfy { (65...90).contains($0 & 0xdf) }
    // `1n`, `1u` and `100m` of memory are letters too, but parts of a byte help nobody.
    if isPlain, name == "cpu" || quantity.milliValue % 1000 == 0 { return quantity.text }
    return name == "cpu" ? "\(quantity.milliValue)m" : "\(quantity.value)"
  }
}
