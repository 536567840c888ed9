internal import JSON

/// What a container file (`*.container.yaml`) is made of: a function and its runs, as `apply` takes them.
package enum ContainerFileParameters {
  /// The members of the document. A run's action tells its members apart.
  package static let document: [Parameter] = [
    SharedParameters.project.with {
      $0.description = "The project of the function and its runs; the call's own where it is missing."
    },
    Parameter("function", .object(function), title: "Function", "The function, as createFunction takes it.").with {
      $0.required = true
      $0.example = ["name": "my_function", "kind": "container", "image": "hello-world:latest"]
    },
    Parameter(
      "runs",
      .map(.union(discriminator: "action", variants: actions), names: .slug),
      title: "Runs",
      "The function's runs by name, each as run takes it."
    ).with {
      $0.example = ["hello": ["action": "job"]]
    },
  ]

  package static let function = FunctionParameters.create.filter { !["project", "uuid"].contains($0.name) }

  /// Project, function, id and key of a run follow from the file.
  package static let run = RunParameters.run.filter {
    !["project", "function", "uuid", "idempotency_key", "progress_token"].contains($0.name)
  }

  private static let actions = Action.allCases.map { action in
    Shape.Variant(
      action.rawValue,
      title: "run, action \(action.rawValue)",
      "The params of run with the action \(action.rawValue).",
      members: run.filter { $0.name != "action" && $0.isAccepted(by: action) }
    )
  }
}
