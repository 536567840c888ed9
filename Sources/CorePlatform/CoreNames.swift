/// Where a Core server answers.
enum CorePath {
  static let base = "/api/v1"
}
