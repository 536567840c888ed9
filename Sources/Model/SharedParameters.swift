internal import JSON

/// Parameters that many methods share, ready-made.
package enum SharedParameters {
  package static let project = Parameter(
    "project",
    .string(.slug),
    title: "Project",
    "The project. Without it: --project, DH_SIDECAR_PROJECT, the settings, then `default`."
  ).with {
    $0.example = "my_project"
    $0.scopes = [.function, .run]
  }

  package static let function = Parameter(
    "function",
    .string(.nonEmpty),
    title: "Function",
    "The function: its name (then the latest version), its id, or its store:// key."
  ).with { $0.example = "my_function" }

  package static let requiredFunction = function.with { $0.required = true }

  package static let id = Parameter("id", .string(.nonEmpty), title: "Id", "The run's id or store:// key.").with {
    $0.required = true
    $0.example = "0f8fad5bd9cb469fa16570867728950e"
  }

  package static let uuid = Parameter(
    "uuid",
    .string(.uuid),
    title: "UUID",
    "The id to give it, with or without dashes; made up where it is missing."
  ).with {
    $0.example = "0f8fad5bd9cb469fa16570867728950e"
    $0.scopes = [.function, .run]
    $0.group = .tracking
  }

  package static let description = Parameter("description", .string(), title: "Description", "For people.").with {
    $0.example = "Says hello"
    $0.widget = .textarea
    $0.scopes = [.function, .run]
  }

  package static let labels = Parameter(
    "labels",
    .list(.string(.nonEmpty), unique: ""),
    title: "Labels",
    "Words to find it by."
  ).with {
    $0.example = ["demo"]
    $0.scopes = [.function, .run]
  }

  package static let name = Parameter("name", .string(.nonEmpty), title: "Name", "Only those of this name.").with {
    $0.example = "my_function"
  }

  /// The parameter `name` of the methods for one project.
  package static let projectName = Parameter("name", .string(.slug), title: "Name", "The project's name.").with {
    $0.required = true
    $0.example = "my_project"
  }

  package static let limit = Parameter(
    "limit",
    .integer(minimum: 1, maximum: 1000),
    title: "Limit",
    "How many entries a page has at most."
  ).with {
    $0.defaultValue = 25
    $0.example = 25
  }

  package static let cursor = Parameter(
    "cursor",
    .string(.nonEmpty),
    title: "Cursor",
    "Where to go on: the `next_cursor` of the page before."
  )

  package static let paging = [limit, cursor]

  package static let action = Parameter(
    "action",
    .enumeration(Action.allCases.map(\.rawValue)),
    title: "Action",
    "What to do with the function: run it to its end (job), serve it on ports (serve), keep it running (deploy), or "
      + "build its image (build)."
  ).with { $0.example = "job" }

  package static let cascade = Parameter(
    "cascade",
    .boolean,
    title: "Cascade",
    "Delete what depends on it too."
  ).with { $0.defaultValue = false }

  package static let timeoutSeconds = Parameter(
    "timeout_seconds",
    .number(minimum: 0, maximum: 31_536_000),
    title: "Timeout",
    "How long to wait at most; a year is the most that can be asked for."
  ).with {
    $0.unit = "s"
    $0.example = 60
  }

  package static let progressToken = Parameter(
    "progress_token",
    .either([.string(), .integer()]),
    title: "Progress token",
    "Asks for $/progress notifications that carry this token."
  ).with {
    $0.example = "1"
    $0.widget = .hidden
  }

  package static let secretName = Parameter(
    "name",
    .string(.environmentName),
    title: "Secret name",
    "The secret's name, which is also the variable's in the container."
  ).with {
    $0.required = true
    $0.example = "API_TOKEN"
  }
}
