/// A part of a form. Forms show the groups in the order of the cases.
package enum FormGroup: String, Sendable, CaseIterable {
  case general, program, source, service, build, resources, placement, permissions, tracking

  package var title: String {
    switch self {
    case .general: "General"
    case .program: "Program"
    case .source: "Source"
    case .service: "Service"
    case .build: "Build"
    case .resources: "Resources and volumes"
    case .placement: "Placement"
    case .permissions: "Permissions"
    case .tracking: "Tracking"
    }
  }

  /// Seldom needed: a form may fold it.
  package var isAdvanced: Bool {
    switch self {
    case .general, .program, .source, .service, .build: false
    case .resources, .placement, .permissions, .tracking: true
    }
  }
}

/// What a form shows a value with, where the value's shape doesn't say it.
package enum FormWidget: Sendable {
  case textarea
  /// Means nothing to a person.
  case hidden
}
