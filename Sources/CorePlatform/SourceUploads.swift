internal import JSON
internal import Model

/// What becomes of a function's `code_src` on Core.
struct SourceUploads: Sendable {
  func source(of spec: JSONObject, project: String, client: CoreClient) async throws -> JSONObject? { nil }
}
