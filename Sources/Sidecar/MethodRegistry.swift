package import JSON
package import JSONRPC
internal import Model
package import ParameterSchema
package import Platform

/// The static list of methods, and the way from a message to one of them.
package struct MethodRegistry: RequestHandler {
  /// A new method is a file under Methods and a line here.
  package static let methods: [Method] = [
    .initialize, .discover, .getSchema, .validate, .getCapabilities, .getOrCreateProject, .getProject, .listProjects,
    .deleteProject, .createFunction, .getFunction, .listFunctions, .updateFunction, .deleteFunction, .getTask,
    .listTasks, .run, .renderRun, .getRun, .listRuns, .waitRun, .stopRun, .resumeRun, .deleteRun, .getRunLogs,
    .subscribeRun, .unsubscribe, .getMetrics, .apply, .setSecret, .listSecrets, .deleteSecret, .listProfiles,
  ]
  package static let declarations = methods.map(\.declaration)

  private static let byName = Dictionary(uniqueKeysWithValues: methods.map { ($0.declaration.name, $0) })

  /// `initialize` is found without the others, which need not be made for it: it is what a client waits for first.
  private static func method(named name: String) -> Method? { name == "initialize" ? .initialize : byName[name] }

  private let platform: any Platform
  private let defaultProject: String?
  private let subscriptions = Subscriptions()
  private let recent = RecentAnswers()

  /// `defaultProject`: of calls that name none; nil where each has to.
  package init(defaultProject: String? = "default", platform: any Platform) {
    self.defaultProject = defaultProject
    self.platform = platform
  }

  package func scheduling(of method: String, params: JSONObject) -> Scheduling {
    let found = Self.method(named: method)
    switch found?.order {
    case nil, .inline: return .inline
    case .concurrent: return params.isEmpty && recent.isGood(method) ? .inline : .concurrent
    case .changesProject: return .lane(lane(params))
    case .changesNamedProject: return .lane(params["name"]?.stringValue ?? defaultProject ?? "")
    case .changesProjectOfFile: return .lane(lane(found?.declaration.check(params).normalised ?? params))
    }
  }

  /// Calls that name their project by a key meet those that name it by `project`.
  private func lane(_ params: JSONObject) -> String {
    if let project = params["project"]?.stringValue { return project }
    for name in ["function", "id"] {
      if let key = params[name]?.stringValue.flatMap(EntityKey.init(parsing:)) { return key.project }
    }
    return defaultProject ?? ""
  }

  package func handleInline(_ method: String, params: JSONObject, context: RequestContext) throws -> JSONValue {
    guard let found = Self.method(named: method) else { throw Self.unknown(method) }
    guard case .pure(let answer) = found.answer else {
      guard let recent = recent.last(method) else { throw Self.unknown(method) }
      return recent
    }
    // LSP clients send members of their own with `initialize`: those are ignored.
    let checked = method == "initialize" ? params : try Self.checked(found, params).normalised
    return try answer(PureCall(params: checked, platformKind: platform.kind, context: context))
  }

  package func handle(_ method: String, params: JSONObject, context: RequestContext) async throws -> JSONValue {
    guard let found = Self.method(named: method) else { throw Self.unknown(method) }
    guard case .platform(let answer) = found.answer else {
      return try handleInline(method, params: params, context: context)
    }
    let check = try Self.checked(found, params)
    let call = MethodCall(
      params: check.normalised,
      warnings: check.warnings,
      platform: platform,
      defaultProject: defaultProject,
      subscriptions: subscriptions,
      context: context
    )
    if defaultProject == nil, call.givenProject == nil, found.declaration.takesProject {
      throw SidecarError.faults([
        Fault(
          pointer: "/project",
          rule: "required",
          message: "`project` is missing: the \(platform.kind.rawValue) platform has no default project.",
          hint: "Give it here, or by --project, DH_SIDECAR_PROJECT or the settings; getOrCreateProject makes one."
        )
      ])
    }
    let value = try await answer(call)
    let duration = found.goodFor(value)
    if params.isEmpty, duration > .zero { recent.keep(value, of: method, for: duration) }
    return value
  }

  private static func checked(_ method: Method, _ params: JSONObject) throws -> ParameterCheck {
    let check = method.declaration.check(params)
    guard check.faults.isEmpty else { throw SidecarError.faults(check.faults) }
    return check
  }

  /// A call that wants no answer: it is made all the same. What goes wrong is for the log, where anyone looks.
  package func handleNotification(_ method: String, params: JSONObject, context: RequestContext) async {
    // Notifications of LSP's own, such as `initialized`, mean nothing here.
    guard let found = Self.method(named: method) else { return }
    do {
      _ = try await handle(found.declaration.name, params: params, context: context)
    } catch {
      let error = responseError(for: error)
      context.warn("the notification \(method) failed: \(error.message)")
    }
  }

  package func responseError(for error: any Error) -> ResponseError {
    switch error {
    case let error as ResponseError: error
    case let error as SidecarError:
      ResponseError(code: error.code.number, message: error.message, data: .object(error.data))
    default:
      ResponseError(code: ResponseError.internalErrorCode, message: "Internal error: \(error)")
    }
  }

  private static func unknown(_ method: String) -> ResponseError {
    let names = declarations.map(\.name)
    let hint =
      EditDistance.nearest(to: method, among: names).map { "Did you mean `\($0)`?" }
      ?? "`rpc.discover` lists the methods: \(names.joined(separator: ", "))."
    return ResponseError(
      code: ResponseError.methodNotFoundCode,
      message: "There is no method `\(method)`.",
      data: ["code": "method_not_found", "retryable": false, "hint": .string(hint)]
    )
  }
}

extension SidecarError {
  /// All faults of one call's params.
  static func faults(_ faults: [Fault]) -> SidecarError {
    let first = faults.first.map { ": \($0.message)" } ?? ""
    let others = faults.count > 1 ? " (and \(faults.count - 1) more, see `errors`)" : ""
    return SidecarError(.invalidParams, "Invalid params\(first)\(others)", hint: faults.first?.hint, faults: faults)
  }
}

extension RequestContext {
  /// For one call inside the process, with nobody to notify.
  package static let none = RequestContext(notify: { _, _ in }, spawn: { _ in })
}
