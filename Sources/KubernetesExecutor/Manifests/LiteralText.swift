/// Texts that a cluster would otherwise change.
enum LiteralText {
  /// Kubernetes puts the value of VAR in place of `$(VAR)` in commands, arguments and variables, and `$` in place of `$$`
  /// (core/v1 Container.command). What a user writes is meant as it stands, as on a machine's own engine.
  static func escaped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let dollar = UInt8(ascii: "$")
    var result: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      result.append(byte)
      guard byte == dollar, index + 1 < bytes.count else { continue }
      if bytes[index + 1] == dollar || bytes[index + 1] == UInt8(ascii: "(") { result.append(dollar) }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
