/// Paths on this machine.
package enum LocalPath {
  /// The absolute path: `~` and `~/…` are under `home`, a relative path is under `directory`. `..` is left to the
  /// kernel, since what it means depends on links. Throws a `SourceError` where `~` has no home to stand for.
  package static func absolute(_ path: String, directory: String, home: String?) throws(SourceError) -> String {
    if path.hasPrefix("/") { return path }
    guard path == "~" || path.hasPrefix("~/") else { return directory + (directory.hasSuffix("/") ? "" : "/") + path }
    guard let home, home.hasPrefix("/") else {
      throw SourceError("`code_src` begins with ~, but HOME is not set", hint: "give an absolute path, or set HOME")
    }
    return home + path.dropFirst()
  }

  /// Why nothing is there, where the text looks like something else.
  static func hintForMissing(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    if path.contains(/(^|\/)[A-Za-z]:([\\\/]|$)/) {
      return "this looks like a Windows path; dh-sidecar needs the path as Linux sees it, such as /mnt/c/code"
    }
    if path.contains(/(^|\/)[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:/) {
      return "a git repository over ssh is written git+ssh://git@host/owner/repo#ref"
    }
    if path.contains(/(^|\/)(www\.)?[A-Za-z0-9-]+\.(com|org|io|net)\//) {
      return "a URL begins with its scheme, such as https:// or git+https://"
    }
    return "check the path; a relative one is taken from the folder that dh-sidecar was started in"
      + (name.hasPrefix("~") ? ", and ~user is not resolved" : "")
  }
}
