/// The treatments that several parameters share.
extension Parameter {
  package func onLocal(_ treatment: Treatment) -> Parameter { with { $0.treatments[.local] = treatment } }

  package func onCore(_ treatment: Treatment) -> Parameter { with { $0.treatments[.core] = treatment } }

  package func onKubernetes(_ treatment: Treatment) -> Parameter { with { $0.treatments[.kubernetes] = treatment } }

  /// Placement: on one machine there is no choice, and from 0.15 Core leaves it to its administrator's templates.
  package func isPlacement() -> Parameter {
    with { $0.group = .placement }
      .onLocal(.warning("`\(name)` says where to run; this machine is the only place, so it has no effect."))
      .onCore(.varies("Core takes it up to 0.14; from 0.15 only a template (profile) sets it, so it is refused."))
      .except(.error("unsupported"), on: [.core15])
  }
}
