/// A git repository, and which branch, tag or commit of it.
package struct GitSource: Sendable, Hashable {
  package enum Transport: String, Sendable, Hashable {
    case https
    case ssh
    case file
  }

  package let transport: Transport
  /// As `git clone` takes it: `https://host/owner/repo`, `ssh://git@host/owner/repo`, `file:///path`.
  package let url: String
  /// Branch, tag or commit; nil: the repository's default branch.
  package let ref: String?

  /// `git+<url>#<ref>`
  package var uri: String { "git+" + url + (ref.map { "#" + $0 } ?? "") }

  /// `scheme` is one of git+https, git+ssh, git+file; `location` what follows `://`.
  init(scheme: String, location: Substring) throws(SourceError) {
    let parts = location.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    transport = Transport(rawValue: String(scheme.dropFirst(4))) ?? .https
    url = transport.rawValue + "://" + (parts.first ?? "")
    ref = parts.count == 2 ? String(parts[1]) : nil
    if let ref { try Self.check(ref: ref) }
    let example = "for example git+https://host/owner/repo#main"
    guard transport != .file else {
      guard parts[0].hasPrefix("/"), parts[0].count > 1 else {
        throw SourceError(
          "`code_src` names no absolute path after git+file://",
          hint: "write git+file:///path/to/repo#ref"
        )
      }
      return
    }
    let address = try WebAddress(scheme: scheme, location: parts[0])
    if transport == .ssh, let user = address.user, !user.contains(":"), !user.hasPrefix("-") {
      // ssh's user is no secret.
    } else {
      try address.refuseCredentials(
        hint: "remove it, put it into the project's secret GIT_TOKEN (or GIT_USERNAME and GIT_PASSWORD), and name that "
          + "secret in the run's `secrets`"
      )
    }
    guard address.path.contains(where: { $0 != "/" }) else {
      throw SourceError("`code_src` names no repository on \(address.host)", hint: example)
    }
  }

  /// The rules of git-check-ref-format(1) that a commit's name keeps too. A ref that begins with `-` would be an option
  /// on git's command line.
  private static func check(ref: String) throws(SourceError) {
    let isBad =
      ref.isEmpty || ref.hasPrefix("-") || ref.hasPrefix("/") || ref.hasSuffix("/") || ref.hasSuffix(".")
      || ref.hasSuffix(".lock") || ref.contains("..") || ref.contains("@{") || ref.contains("//")
      || ref.utf8.contains { $0 <= 32 || $0 == 127 || "~^:?*[\\#".utf8.contains($0) }
    guard isBad else { return }
    throw SourceError(
      "`code_src` names no branch, tag or commit after #",
      hint: "for example #main, #v1.2 or a commit's hash; without # it is the default branch"
    )
  }
}
