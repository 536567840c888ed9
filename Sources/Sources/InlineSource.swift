/// The name of a source that came without one: `main` and the language's extension, under /shared.
package enum InlineSource {
  package static func fileName(lang: String?) -> String {
    lang == "dockerfile" ? "Dockerfile" : "main" + (lang.flatMap { extensions[$0] } ?? "")
  }

  /// Whether the name is one that `fileName` gives.
  package static func isGenerated(_ path: String) -> Bool {
    path == "main" || path == "Dockerfile" || extensions.values.contains { path == "main" + $0 }
  }

  private static let extensions = [
    "python": ".py", "java": ".java", "javascript": ".js", "typescript": ".ts",
    "markdown": ".md", "html": ".html", "json": ".json", "sql": ".sql", "css": ".css", "yaml": ".yaml",
    "text": ".txt", "sh": ".sh",
  ]
}
