/// A place in a text, counted from 1; the column counts characters (Unicode scalars).
package struct YAMLPosition: Sendable, Hashable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package var description: String { "line \(line), column \(column)" }
}

/// Why a text is refused, and where.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// Not YAML, or not UTF-8: libyaml's words.
    case syntax
    /// YAML that JSON has nothing for (infinities, keys that are no scalars), or that is refused on purpose.
    case unsupported
    case duplicateKey, unknownAlias, tooDeep, tooLarge
    /// Not exactly one document where one is asked for.
    case documentCount
  }
  package let code: Code
  package let message: String
  package let position: YAMLPosition

  package var description: String { "\(message), at \(position)" }
}

/// What a text may cost; beyond it, it is refused.
package struct YAMLLimits: Sendable {
  /// How deep sequences and mappings may nest, aliases included. At most 1000: values are handled recursively.
  package var depth: Int
  /// Bytes of the text.
  package var bytes: Int
  /// Values after every alias was replaced by what it stands for.
  package var nodes: Int
  /// Bytes of all scalars after every alias was replaced by what it stands for.
  package var expandedBytes: Int

  package init(depth: Int = 128, bytes: Int = 16 << 20, nodes: Int = 500_000, expandedBytes: Int = 32 << 20) {
    self.depth = min(depth, 1000)
    self.bytes = bytes
    self.nodes = nodes
    self.expandedBytes = expandedBytes
  }

  package static let standard = YAMLLimits()
}
