import Crypto

/// An entity's id: 32 lower-case hex digits, as DigitalHub's own client makes them (`uuid4().hex`).
package enum EntityID {
  /// A new random id (UUID version 4, RFC 9562, section 5.4).
  package static func generate() -> String {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<16 { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
    return hex(stamped(bytes, version: 4))
  }

  /// The id as it is kept, for an id with or without dashes (8-4-4-4-12) and in any case; nil if it is no such id.
  package static func normalise(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    let digits: [UInt8]
    switch bytes.count {
    case 32: digits = bytes
    case 36:
      let dash = UInt8(ascii: "-")
      guard [8, 13, 18, 23].allSatisfy({ bytes[$0] == dash }) else { return nil }
      digits = bytes.filter { $0 != dash }
      guard digits.count == 32 else { return nil }
    default: return nil
    }
    guard digits.allSatisfy(isHexDigit) else { return nil }
    return String(decoding: digits, as: UTF8.self).lowercased()
  }

  /// The same id in UUID's own spelling, 8-4-4-4-12; nil for what is no id as `normalise` gives it.
  package static func dashed(_ id: String) -> String? {
    guard id.utf8.count == 32, normalise(id) == id else { return nil }
    var rest = Substring(id)
    return [8, 4, 4, 4, 12].map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }.joined(separator: "-")
  }

  /// The id of the run that this key names in this project: a UUID version 5 (RFC 9562, section 5.5), so that the
  /// same key gives the same run after a restart, on another machine and on Core.
  package static func forIdempotencyKey(_ key: String, project: String) -> String {
    // The namespace is fixed for ever: UUIDv5 of the URL namespace and "dh-sidecar:idempotency_key".
    let urlNamespace: [UInt8] = [
      0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
    ]
    let namespace = version5(namespace: urlNamespace, name: "dh-sidecar:idempotency_key")
    // A project's name has no NUL byte, so the pair can't be split in two ways.
    return hex(version5(namespace: namespace, name: "\(project)\u{0}\(key)"))
  }

  /// UUID version 5 of a name in a namespace of 16 bytes.
  package static func version5(namespace: [UInt8], name: String) -> [UInt8] {
    let digest = Insecure.SHA1.hash(data: namespace + Array(name.utf8))
    return stamped(Array(digest.prefix(16)), version: 5)
  }

  package static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of lower-case hex digits, as `hex` wrote them; nil for anything else.
  package static func bytes(hex text: String) -> [UInt8]? {
    let digits = text.utf8.map { digit -> UInt8? in
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
      default: nil
      }
    }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func stamped(_ bytes: [UInt8], version: UInt8) -> [UInt8] {
    var bytes = bytes
    bytes[6] = bytes[6] & 0x0f | version << 4
    bytes[8] = bytes[8] & 0x3f | 0x80
    return bytes
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
