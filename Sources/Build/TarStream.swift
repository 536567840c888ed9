/// A tar archive as pieces in memory and files on disk, to be sent one after the other (POSIX.1-2017, pax, ustar
/// interchange format). The same files make the same bytes: no times, no owners, modes 0644 and 0755 only. What a ustar
/// header has no room for, long names and large files, goes into a pax header before it.
package struct TarStream: Sendable, Hashable {
  package private(set) var parts: [BuildSource.Contents] = []
  private var pending: [UInt8] = []

  private static let block = 512
  /// Eleven octal digits.
  private static let largestSize = 0o77_777_777_777

  init(_ files: [BuildSource.File]) {
    for file in files { append(file) }
    // Two empty blocks end an archive.
    pending += [UInt8](repeating: 0, count: 2 * Self.block)
    flush()
  }

  /// Bytes of all parts together.
  package var size: Int { parts.reduce(0) { $0 + $1.size } }

  private mutating func append(_ file: BuildSource.File) {
    let size = file.contents.size
    let split = Self.split(file.name)
    var records: [UInt8] = []
    if split == nil { records += Self.record("path", file.name) }
    if size > Self.largestSize { records += Self.record("size", "\(size)") }
    if !records.isEmpty {
      pending += Self.header(("", "PaxHeader"), size: records.count, mode: 0o644, type: UInt8(ascii: "x")) + records
      pad(records.count)
    }
    // Readers that know no pax still get a name that fits.
    let name = split ?? ("", String(decoding: Array(file.name.utf8).suffix(100), as: UTF8.self))
    pending += Self.header(
      name,
      size: size > Self.largestSize ? 0 : size,
      mode: file.isExecutable ? 0o755 : 0o644,
      type: UInt8(ascii: "0")
    )
    switch file.contents {
    case .bytes(let bytes): pending += bytes
    case .file(_, let size):
      flush()
      if size > 0 { parts.append(file.contents) }
    }
    pad(size)
  }

  private mutating func pad(_ size: Int) {
    pending += [UInt8](repeating: 0, count: (Self.block - size % Self.block) % Self.block)
  }

  private mutating func flush() {
    if !pending.isEmpty { parts.append(.bytes(pending)) }
    pending = []
  }

  /// 155 bytes of prefix and 100 of name, cut at a slash; nil where the path does not fit.
  private static func split(_ path: String) -> (prefix: String, name: String)? {
    let bytes = Array(path.utf8)
    if bytes.count <= 100 { return ("", path) }
    for index in bytes.indices where bytes[index] == UInt8(ascii: "/") {
      let rest = bytes.count - index - 1
      if index <= 155, (1...100).contains(rest) {
        return (
          String(decoding: bytes[..<index], as: UTF8.self), String(decoding: bytes[(index + 1)...], as: UTF8.self)
        )
      }
    }
    return nil
  }

  /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
  private static func record(_ key: String, _ value: String) -> [UInt8] {
    let rest = " \(key)=\(value)\n".utf8.count
    var length = rest + 1
    while "\(length)".utf8.count + rest != length { length = "\(length)".utf8.count + rest }
    return Array("\(length) \(key)=\(value)\n".utf8)
  }

  private static func header(_ path: (prefix: String, name: String), size: Int, mode: Int, type: UInt8) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: block)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: digits - text.utf8.count) + text
    }
    put(path.name, at: 0)
    put(octal(mode, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    header[156] = type
    put("ustar", at: 257)
    put("00", at: 263)
    put(path.prefix, at: 345)
    // The checksum counts its own field as blanks.
    put(String(repeating: " ", count: 8), at: 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    header[154] = 0
    return header
  }
}
