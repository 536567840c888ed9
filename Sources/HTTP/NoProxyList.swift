#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What NO_PROXY says: names, with or without a leading dot, cover themselves and everything below them; addresses;
/// networks as CIDR; each with or without a port; `*` is everything. Separated by commas or white space.
struct NoProxyList: Sendable, Hashable {
  private struct Entry: Sendable, Hashable {
    var host: String
    var port: Int?
    var network: Network?
  }

  private struct Network: Sendable, Hashable {
    var address: [UInt8]
    var prefix: Int

    func contains(_ other: [UInt8]) -> Bool {
      guard other.count == address.count else { return false }
      return address.indices.allSatisfy { index in
        let bits = min(max(prefix - index * 8, 0), 8)
        let mask = bits == 0 ? 0 : UInt8.max << UInt8(8 - bits)
        return address[index] & mask == other[index] & mask
      }
    }
  }

  private var coversAll = false
  private var entries: [Entry] = []

  init(_ text: String) {
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      if word == "*" {
        coversAll = true
      } else if let entry = Self.entry(word) {
        entries.append(entry)
      }
    }
  }

  func contains(_ target: HTTPTarget) -> Bool {
    if coversAll { return true }
    let host = target.host.hasSuffix(".") ? String(target.host.dropLast()) : target.host
    let address = Self.bytes(of: host)
    return entries.contains { entry in
      guard entry.port == nil || entry.port == target.port else { return false }
      if let address { return entry.network?.contains(address) ?? false }
      return host == entry.host || host.hasSuffix("." + entry.host)
    }
  }

  private static func entry(_ word: Substring) -> Entry? {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let address = bytes(of: String(parts[0])), let prefix = Int(parts[1]),
      (0...address.count * 8).contains(prefix)
    {
      return Entry(host: "", network: Network(address: address, prefix: prefix))
    }
    if let address = bytes(of: String(word)) { return Entry(host: "", network: single(address)) }
    guard let (host, port) = HTTPTarget.place(word) else { return nil }
    if let address = bytes(of: host) { return Entry(host: "", port: port, network: single(address)) }
    var name = Substring(host)
    if name.hasPrefix("*.") { name = name.dropFirst(2) }
    while name.first == "." { name = name.dropFirst() }
    if name.last == "." { name = name.dropLast() }
    return name.isEmpty ? nil : Entry(host: String(name), port: port)
  }

  private static func single(_ address: [UInt8]) -> Network { Network(address: address, prefix: address.count * 8) }

  /// Of an IPv4 or IPv6 address; nil where it is a name.
  private static func bytes(of host: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if bytes.withUnsafeMutableBytes({ inet_pton(family, host, $0.baseAddress) }) == 1 { return bytes }
    }
    return nil
  }
}
