package import JSON
internal import Model
package import Platform

extension CorePlatform {
  /// `name` picks one; `k8s` is what the cluster measures (Core 0.15).
  package func getMetrics(_ reference: RunReference, name: String?) async throws -> JSONValue {
    let what = "the metrics of run \(reference.id)"
    let answer = try await client.send(spelling: reference.id, what) { id in
      name.map { .context("GET", reference.project, "runs", id, "metrics", $0) }
        ?? .context("GET", reference.project, "runs", id, "metrics")
    }
    if answer.status == 404, name != nil {
      // Is it the run that is missing, or the metric?
      _ = try await view(reference)
      let fault = Fault(
        pointer: "/name",
        rule: "not_found",
        message: "The run has no metric `\(name ?? "")`.",
        hint: "Without name all are answered; `k8s` is there from Core 0.15 on."
      )
      throw SidecarError(.invalidParams, fault.message, hint: fault.hint, faults: [fault])
    }
    guard answer.isSuccess else { throw CoreRefusal.error(answer, what, missing: Self.notFound(reference)) }
    return answer.json
  }
}
