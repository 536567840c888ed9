import Testing

@testable import Model

@Suite struct CellTests {
  @Test(
    arguments: [
      ("image", nil, .job, .podman, .works), ("image", nil, .build, .core14, .warning("image_name")),
      ("replicas", nil, .serve, .podman, .warning("ports_of_first_replica")),
      ("replicas", nil, .deploy, .core13, .works),
      ("secrets", nil, .build, .podman, .works), ("secrets", nil, .build, .docker, .error("unsupported")),
      ("replicas", nil, .job, .podman, .error("other_action")),
      ("instructions", nil, .job, .core15, .warning("no_effect")),
      ("node_selector", nil, .job, .podman, .warning("no_effect")), ("node_selector", nil, .job, .core14, .works),
      ("node_selector", nil, .job, .core15, .error("unsupported")),
      ("resources", "limits", .job, .core13, .works), ("resources", "limits", .job, .core14, .error("unsupported")),
      ("resources", "disk", .job, .podman, .warning("size_not_enforced")),
      ("volumes", "short form", .deploy, .core15, .warning("no_effect")),
      ("volumes", "config_map", .job, .podman, .error("unsupported")), ("volumes", "empty_dir", .job, .podman, .works),
      ("embedded", nil, nil, .core15, .works),
    ] as [(String, String?, Action?, Cell.Target, Cell.Outcome)]
  )
  func aCellIsWhatTheDeclarationsSay(
    parameter: String,
    part: String?,
    action: Action?,
    target: Cell.Target,
    outcome: Cell.Outcome
  ) {
    let found = Cell.all.filter {
      $0.parameter == parameter && $0.part == part && $0.action == action && $0.target == target
    }
    #expect(found.map(\.outcome) == [outcome])
  }

  @Test func everyParameterHasACellOnEachPlatform() {
    for parameter in Cell.parameters {
      let targets = Set(Cell.all.filter { $0.parameter == parameter.name }.map(\.target))
      #expect(targets == Set(Cell.Target.allCases), "\(parameter.name)")
    }
  }

  /// What only a function has is not in a run, where another action could refuse it.
  @Test func aFunctionsOwnIsNoRunsParameter() {
    #expect(!Cell.all.contains { $0.parameter == "handler" && $0.action == .build })
    #expect(!Cell.all.contains { $0.parameter == "kind" && $0.action != nil })
  }
}
