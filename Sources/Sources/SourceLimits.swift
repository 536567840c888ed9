/// How much a source may be. What exceeds them is refused with an error that names the limit.
package struct SourceLimits: Sendable, Hashable {
  /// Files of a folder, those left out not counted.
  package var entries: Int
  /// Bytes of all files together.
  package var totalBytes: Int
  /// Bytes of one file. Below 4 GiB, so that no archive needs zip64.
  package var fileBytes: Int
  /// Folders within folders.
  package var depth: Int
  /// How many times as large as its archive a source may be, beyond the first `compressionFloor` bytes.
  package var compression: Int
  package var compressionFloor: Int
  /// For fetching all of it.
  package var fetchSeconds: Int
  /// A single file up to this many bytes travels inside the function itself, which a server keeps in its database.
  package var inlineBytes: Int

  package init(
    entries: Int = 20_000,
    totalBytes: Int = 512 << 20,
    fileBytes: Int = 256 << 20,
    depth: Int = 64,
    compression: Int = 100,
    compressionFloor: Int = 16 << 20,
    fetchSeconds: Int = 900,
    inlineBytes: Int = 1 << 20
  ) {
    self.entries = entries
    self.totalBytes = totalBytes
    self.fileBytes = fileBytes
    self.depth = depth
    self.compression = compression
    self.compressionFloor = compressionFloor
    self.fetchSeconds = fetchSeconds
    self.inlineBytes = inlineBytes
  }

  /// `1536` → "1536 bytes", `1 << 20` → "1 MiB".
  static func text(_ bytes: Int) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= 1 << shift && bytes % (1 << shift) == 0
    {
      return "\(bytes >> shift) \(unit)"
    }
    return "\(bytes) bytes"
  }
}
