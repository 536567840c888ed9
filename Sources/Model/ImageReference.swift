/// An image's name, fully qualified, as Docker normalises it and as the grammar of distribution/reference has it
/// (github.com/distribution/reference, reference.go and normalize.go): `busybox` is
/// `docker.io/library/busybox:latest`.
package struct ImageReference: Sendable, Hashable {
  /// Host and port: `docker.io`, `localhost`, `[::1]:5000`.
  package let registry: String
  /// `library/busybox`
  package let repository: String
  /// Nil where there is a digest and no tag was given.
  package let tag: String?
  /// `sha256:…`
  package let digest: String?

  package init(_ text: String) throws(ImageReferenceError) {
    func fail(_ reason: String) -> ImageReferenceError { ImageReferenceError(text: text, reason: reason) }
    guard !text.isEmpty else { throw fail("is empty") }
    guard !text.contains("://") else { throw fail("is a URL: leave the scheme out") }
    guard !(text.utf8.count == 64 && text.utf8.allSatisfy(Self.isLowerCaseHex)) else {
      throw fail("is 64 hexadecimal digits, which is an image's id and not its name")
    }
    var rest = text[...]
    var digest: String?
    if let at = rest.firstIndex(of: "@") {
      let candidate = String(rest[rest.index(after: at)...])
      guard Self.isDigest(candidate) else { throw fail("has a digest that is not sha256: and 64 hexadecimal digits") }
      digest = candidate
      rest = rest[..<at]
    }
    var registry = "docker.io"
    if let slash = rest.firstIndex(of: "/") {
      let first = rest[..<slash]
      // Docker's rule: what has a dot, a colon or a capital letter, or is localhost, is no part of a repository.
      if first.contains(".") || first.contains(":") || first == "localhost" || first.lowercased() != first {
        guard Self.isRegistry(first) else {
          throw fail("has a registry \"\(first)\" that is no host with or without port")
        }
        registry = first == "index.docker.io" ? "docker.io" : String(first)
        rest = rest[rest.index(after: slash)...]
      }
    }
    var tag: String?
    if let colon = rest.lastIndex(of: ":") {
      let candidate = rest[rest.index(after: colon)...]
      guard Self.isTag(candidate) else {
        throw fail("has a tag \"\(candidate)\" that is not 1 to 128 of a-z, A-Z, 0-9 and _ . - (not . or - first)")
      }
      tag = String(candidate)
      rest = rest[..<colon]
    }
    let path = String(rest)
    guard path.lowercased() == path else { throw fail("has capital letters before the tag") }
    guard path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isPathComponent) else {
      throw fail("has a part that is not a-z and 0-9, joined by single . or _, two _ or any number of -")
    }
    repository = registry == "docker.io" && !path.contains("/") ? "library/" + path : path
    guard repository.utf8.count <= 255 else { throw fail("is longer than 255 bytes") }
    self.registry = registry
    self.tag = tag ?? (digest == nil ? "latest" : nil)
    self.digest = digest
  }

  /// `docker.io/library/busybox:latest`
  package var qualified: String {
    "\(registry)/\(repository)" + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
  }

  // MARK: Grammar

  private static func isRegistry(_ text: Substring) -> Bool {
    var host = text
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else { return false }
      let address = text[text.index(after: text.startIndex)..<close].utf8
      guard !address.isEmpty, address.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") }) else { return false }
      let port = text[text.index(after: close)...]
      return port.isEmpty || port.first == ":" && isPort(port.dropFirst())
    }
    if let colon = text.firstIndex(of: ":") {
      guard isPort(text[text.index(after: colon)...]) else { return false }
      host = text[..<colon]
    }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      let bytes = label.utf8
      guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last) else {
        return false
      }
      return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isPort(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }

  private static func isTag(_ text: Substring) -> Bool {
    guard (1...128).contains(text.utf8.count), let first = text.utf8.first else { return false }
    guard isAlphanumeric(first) || first == UInt8(ascii: "_") else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
  }

  /// `[a-z0-9]+ ( ( [_.] | __ | [-]+ ) [a-z0-9]+ )*`
  private static func isPathComponent(_ text: Substring) -> Bool {
    var separator: [UInt8] = []
    var hasBegun = false
    for byte in text.utf8 {
      if isLowerCase(byte) || isDigit(byte) {
        guard separator.isEmpty || hasBegun && isSeparator(separator) else { return false }
        separator = []
        hasBegun = true
      } else {
        separator.append(byte)
      }
    }
    return hasBegun && separator.isEmpty
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    bytes == Array(".".utf8) || bytes == Array("_".utf8) || bytes == Array("__".utf8)
      || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
  }

  /// The algorithms that registries know (opencontainers/go-digest).
  private static func isDigest(_ text: String) -> Bool {
    for (algorithm, count) in [("sha256:", 64), ("sha384:", 96), ("sha512:", 128)] where text.hasPrefix(algorithm) {
      let digits = text.utf8.dropFirst(algorithm.utf8.count)
      return digits.count == count && digits.allSatisfy(isLowerCaseHex)
    }
    return false
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isLowerCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLowerCase(byte | 0x20) }
  private static func isLowerCaseHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
  private static func isHex(_ byte: UInt8) -> Bool { isLowerCaseHex(byte | 0x20) }
}

extension ImageReference: CustomStringConvertible {
  package var description: String { qualified }
}

/// Why a text is no image's name.
package struct ImageReferenceError: Error, Sendable, Hashable, CustomStringConvertible {
  package let text: String
  package let reason: String

  package var description: String { "the image name \"\(text)\" \(reason)" }
  package var hint: String { "Write it as registry/repository:tag, for example docker.io/library/busybox:1.36." }
}
