/// What `code_src` names. The forms are those of the reference's page on code sources; anything without `scheme://`
/// is a path on this machine.
package enum CodeSource: Sendable, Hashable {
  /// A file, a folder or a .zip file here. As written, of a `file:` URL the path: `LocalPath` makes it absolute.
  case local(path: String)
  case git(GitSource)
  /// One file, or an archive (`zip+https://…`, kept in `url` without the `zip+`).
  case http(url: String, isArchive: Bool)
  case s3(S3Location, isArchive: Bool)
  /// Something that a DigitalHub server resolves: `store://`, `hf://`, `oci://`.
  case reference(uri: String)

  /// Every scheme that `code_src` takes, for errors.
  package static let schemes = [
    "file", "git+https", "git+ssh", "git+file", "https", "http", "zip+https", "zip+http", "s3", "zip+s3", "store",
    "hf", "oci",
  ]

  /// Throws a `SourceError` that names `code_src`; no part of a credential is ever in its text.
  package init(_ text: String) throws(SourceError) {
    guard !text.isEmpty else { throw SourceError("`code_src` is empty", hint: Self.forms) }
    guard !text.utf8.contains(0) else { throw SourceError("`code_src` contains a NUL character", hint: Self.forms) }
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(text[..<colon]) else {
      self = .local(path: text)
      return
    }
    let scheme = text[..<colon].lowercased()
    let rest = text[text.utf8.index(after: colon)...]
    guard rest.hasPrefix("//") else {
      if scheme == "file", rest.hasPrefix("/") {
        self = .local(path: try Self.decoded(rest))
      } else if scheme != "file", Self.schemes.contains(scheme) {
        throw SourceError(
          "`code_src` begins with \(scheme): but not with \(scheme)://",
          hint: "write \(scheme)://…, or ./\(scheme):… for a path of this name"
        )
      } else {
        // `C:\code`, `host:path` and the like are what they are: odd names of files.
        self = .local(path: text)
      }
      return
    }
    let location = rest.dropFirst(2)
    switch scheme {
    case "file":
      let path = location.hasPrefix("localhost/") ? location.dropFirst("localhost".count) : location
      guard path.hasPrefix("/") else {
        throw SourceError(
          "`code_src` names a file on another machine",
          hint: "a file here is file:///absolute/path, or the path alone"
        )
      }
      self = .local(path: try Self.decoded(path))
    case "git+https", "git+ssh", "git+file": self = .git(try GitSource(scheme: scheme, location: location))
    case "http", "https", "zip+http", "zip+https":
      let isArchive = scheme.hasPrefix("zip+")
      let url = try WebAddress(scheme: scheme, location: location)
      try url.refuseCredentials(hint: "make the file readable without them, or give it as a local path or in S3")
      self = .http(url: (isArchive ? String(scheme.dropFirst(4)) : scheme) + "://" + location, isArchive: isArchive)
    case "s3", "zip+s3":
      self = .s3(try S3Location(parsing: "s3://" + location, field: "code_src"), isArchive: scheme == "zip+s3")
    case "store", "hf", "oci":
      try WebAddress(scheme: scheme, location: location).refuseCredentials(hint: "remove what stands before the @")
      self = .reference(uri: scheme + "://" + location)
    default:
      throw SourceError("`code_src` has an unknown scheme: \(scheme)://", hint: Self.forms)
    }
  }

  /// The URI as servers and containers take it; nil for a local path, which means nothing elsewhere.
  package var uri: String? {
    switch self {
    case .local: nil
    case .git(let source): source.uri
    case .http(let url, let isArchive): (isArchive ? "zip+" : "") + url
    case .s3(let location, let isArchive): (isArchive ? "zip+" : "") + location.uri
    case .reference(let uri): uri
    }
  }

  private static let forms =
    "give a path (of a file, a folder or a .zip), or a URI: "
    + schemes.map { $0 + "://" }.joined(separator: ", ")

  /// RFC 3986, section 3.1, and at least two characters: one is a drive's letter.
  private static func isScheme(_ text: Substring) -> Bool {
    guard text.utf8.count >= 2, let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "+-.".utf8.contains($0) }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

  /// A file URL's path without its percent-encoding.
  private static func decoded(_ path: Substring) throws(SourceError) -> String {
    var bytes: [UInt8] = []
    var rest = path.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16), rest.count >= 2, value != 0 else {
        throw SourceError(
          "`code_src` is a file URL with a % that is not followed by two hexadecimal digits",
          hint: "write %25 for a %, or give the path alone"
        )
      }
      rest = rest.dropFirst(2)
      bytes.append(value)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SourceError("`code_src` is a file URL whose path is not UTF-8", hint: "give the path alone")
    }
    return text
  }
}
