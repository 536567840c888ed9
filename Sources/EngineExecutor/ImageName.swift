/// An image's name as Docker normalises it: fully qualified, with a tag where it has no digest.
package struct ImageName: Sendable, Hashable {
  package let registry: String
  /// `docker.io/library/busybox:latest`
  package let qualified: String

  package init(_ text: String) {
    var name = text
    let first = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)[0]
    let hasRegistry =
      text.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
    if hasRegistry {
      registry = first == "index.docker.io" ? "docker.io" : String(first)
      name = String(text.dropFirst(first.count + 1))
    } else {
      registry = "docker.io"
    }
    if registry == "docker.io", !name.contains("/") { name = "library/" + name }
    let last = name.split(separator: "/").last ?? ""
    if !name.contains("@"), !last.contains(":") { name += ":latest" }
    qualified = registry + "/" + name
  }
}
