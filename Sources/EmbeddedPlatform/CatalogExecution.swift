internal import Catalog
internal import JSON
internal import Model
internal import Platform

extension Catalog {
  /// What an executor needs to know of a recorded run.
  func execution(of run: RunRecord) throws -> Execution {
    let function = run.entity.spec["function_spec"]?.objectValue ?? [:]
    let own = run.entity.spec["run_spec"]?.objectValue ?? [:]
    let (spec, faults) = WorkloadSpec.make(function: function, run: own, action: run.action)
    guard let spec else { throw SidecarError(.invalidParams, "The run's record has faults.", faults: faults) }
    var execution = Execution(
      project: run.entity.project,
      functionName: run.functionName,
      functionID: run.functionID,
      runID: run.id,
      spec: spec,
      secretValues: try secretValues(project: run.entity.project, names: spec.secrets)
    )
    execution.record = [
      "kind": .string(run.entity.kind), "name": .string(run.entity.name), "spec": .object(run.entity.spec),
    ]
    execution.catalog = try identity()
    execution.resumedAt = RunStatus(run.entity.status).resumedAt
    return execution
  }
}
