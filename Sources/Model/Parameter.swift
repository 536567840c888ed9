package import JSON

/// One parameter, declared once. Validation, JSON Schemas, OpenRPC, form hints and the README's tables come from it.
package struct Parameter: Sendable {
  package enum Scope: String, Sendable, CaseIterable { case function, run }

  /// What a platform makes of the parameter.
  package enum Treatment: Sendable, Hashable {
    case works
    /// The platform's release decides, when it is asked; the text says which.
    case varies(String)
    /// Accepted, and without effect there.
    case warning(String)
    /// Refused before anything is created.
    case error(String)
    /// Refused by this version.
    case notYet(String)
  }

  package var name: String
  package var shape: Shape
  package var title: String
  package var description: String
  /// Deprecated spellings that the wire accepts.
  package var aliases: [String] = []
  package var required = false
  package var defaultValue: JSONValue?
  package var example: JSONValue?
  package var unit: String?
  /// Never shown or logged; forms mask it.
  package var isSecret = false
  /// Another way to say what its neighbours say; forms leave it out.
  package var isShorthand = false
  package var group = FormGroup.general
  package var widget: FormWidget?
  /// null is a value of its own: it removes what is there.
  package var isNullable = false
  package var scopes: Set<Scope> = []
  /// The actions whose run takes it; all four unless said.
  package var actions: Set<Action> = Set(Action.allCases)
  /// Actions that accept it though it has no effect there: the warning's text.
  package var ignoredBy: [Action: String] = [:]
  package var treatments: [PlatformKind: Treatment] = [:]
  /// Of `Cell`: members that platforms treat differently, and where a cell is not what the treatment says.
  package var parts: [String] = []
  package var exceptions: [CellException] = []
  /// From any accepted form to the one that is kept; applied to a value without faults.
  package var normalise: (@Sendable (JSONValue) -> JSONValue)?
  /// Rules that the shape can't say; given a value of the right JSON type, parts of which may have faults already, and
  /// its pointer.
  package var furtherFaults: (@Sendable (JSONValue, _ pointer: String) -> [Fault])?

  package init(_ name: String, _ shape: Shape, title: String, _ description: String) {
    self.name = name
    self.shape = shape
    self.title = title
    self.description = description
  }

  /// A copy with changes: `Parameter(…).with { $0.required = true }`.
  package func with(_ change: (inout Parameter) -> Void) -> Parameter {
    var copy = self
    change(&copy)
    return copy
  }

  package func treatment(on platform: PlatformKind) -> Treatment { treatments[platform] ?? .works }

  /// Whether a run with this action accepts it, with or without effect.
  package func isAccepted(by action: Action) -> Bool { actions.contains(action) || ignoredBy[action] != nil }
}

/// What a parameter's value looks like.
package indirect enum Shape: Sendable {
  case string(Format = .text)
  case integer(minimum: Int? = nil, maximum: Int? = nil)
  case number(minimum: Double? = nil, maximum: Double? = nil)
  case boolean
  case enumeration([String])
  /// A Kubernetes quantity as a string, or a number.
  case quantity
  /// `unique`: the member by which two entries may not be equal; empty for the entries themselves.
  case list(Shape, unique: String? = nil)
  /// A closed object.
  case object([Parameter])
  /// Any names (of that format), values of one shape.
  case map(Shape, names: Format? = nil)
  /// As Kubernetes has it; not looked into.
  case freeObject
  case any
  /// Any of several shapes that differ in their JSON type.
  case either([Shape])
  /// A closed object that a member with a constant value tells apart.
  case union(discriminator: String, variants: [Variant])

  package struct Variant: Sendable {
    /// Nil for the form without the discriminator.
    package var tag: String?
    package var title: String
    package var description: String
    package var members: [Parameter]
    package var treatments: [PlatformKind: Parameter.Treatment]

    package init(
      _ tag: String?,
      title: String,
      _ description: String,
      members: [Parameter],
      treatments: [PlatformKind: Parameter.Treatment] = [:]
    ) {
      self.tag = tag
      self.title = title
      self.description = description
      self.members = members
      self.treatments = treatments
    }
  }

  /// What a string must look like. None may hold a NUL byte.
  package enum Format: String, Sendable {
    case text, nonEmpty, slug, uuid, base64, environmentName, dnsLabel, absolutePath, codeSource, timestamp

    /// For schemas; nil where a pattern can't say it.
    package var pattern: String? {
      switch self {
      case .text, .base64, .codeSource, .timestamp: nil
      case .nonEmpty: "\\S"
      case .slug: NameRules.slugPattern
      case .uuid: "^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"
      case .environmentName: NameRules.environmentNamePattern
      case .dnsLabel: "^[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?$"
      case .absolutePath: "^/"
      }
    }

    /// What is wanted, to follow "must be"; nil for any text.
    package var expectation: String? {
      switch self {
      case .text: nil
      case .nonEmpty, .codeSource: "not empty"
      case .slug: "1 to 256 of a-z, A-Z, 0-9 and . _ + -"
      case .uuid: "32 hexadecimal digits, with or without dashes"
      case .base64: "base64 (RFC 4648, section 4)"
      case .environmentName: "a name of letters, digits and _ . - that begins with a letter or _"
      case .dnsLabel: "1 to 63 of a-z, 0-9 and inner dashes"
      case .absolutePath: "an absolute path"
      case .timestamp: "a moment as in RFC 3339, such as 2026-01-31T12:00:00Z"
      }
    }

    package func accepts(_ text: String) -> Bool {
      switch self {
      case .text: true
      case .nonEmpty, .codeSource: text.contains { !$0.isWhitespace }
      case .slug: NameRules.isSlug(text)
      case .uuid: EntityID.normalise(text) != nil
      case .base64: Self.isBase64(Array(text.utf8))
      case .environmentName: NameRules.isEnvironmentName(text)
      case .dnsLabel: NameRules.isDNSLabel(text)
      case .absolutePath: text.hasPrefix("/")
      case .timestamp: Timestamp(parsing: text) != nil
      }
    }

    private static func isBase64(_ bytes: [UInt8]) -> Bool {
      // Line breaks are common in encoders' output.
      let bytes = bytes.filter { $0 != 10 && $0 != 13 }
      let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
      return bytes.count % 4 == 0 && padding <= 2
        && bytes.dropLast(padding).allSatisfy {
          (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 43 || $0 == 47
        }
    }
  }
}
