package import JSON
package import Model

/// A method as the world sees it. Its file in Sidecar holds it beside the handler; validation, schemas, OpenRPC and
/// the README come from it.
package struct MethodDeclaration: Sendable {
  package var name: String
  /// One line.
  package var summary: String
  package var description: String
  package var parameters: [Parameter] { parameterCache.value }
  /// `action` tells the params apart: `run` and `renderRun`.
  package var discriminatedByAction: Bool
  package var resultDescription: String
  /// JSON Schema of the result.
  package var resultSchema: JSONObject { resultCache.value }
  /// What it sends besides its answer.
  package var notifications: [NotificationDeclaration] { notificationCache.value }
  package var errors: [ErrorCode]
  /// Params that work as they stand.
  package var example: JSONObject
  /// Rules between params, given those that have no fault of their own.
  package var furtherFaults: (@Sendable (JSONObject) -> [Fault])?
  /// Goes on with a check of params without faults: of a text that they hold, say.
  package var furtherCheck: (@Sendable (inout ParameterCheck) -> Void)?
  private let parameterCache: Lazy<[Parameter]>
  private let resultCache: Lazy<JSONObject>
  private let notificationCache: Lazy<[NotificationDeclaration]>

  package init(
    _ name: String,
    summary: String,
    description: String = "",
    parameters: @autoclosure @escaping @Sendable () -> [Parameter],
    discriminatedByAction: Bool = false,
    result: String,
    resultSchema: @autoclosure @escaping @Sendable () -> JSONObject = ["type": "object"],
    errors: [ErrorCode] = [],
    example: JSONObject = [:],
    notifications: @autoclosure @escaping @Sendable () -> [NotificationDeclaration] = [],
    furtherFaults: (@Sendable (JSONObject) -> [Fault])? = nil,
    furtherCheck: (@Sendable (inout ParameterCheck) -> Void)? = nil
  ) {
    self.name = name
    self.summary = summary
    self.description = description
    parameterCache = Lazy(parameters)
    self.discriminatedByAction = discriminatedByAction
    self.resultDescription = result
    resultCache = Lazy(resultSchema)
    notificationCache = Lazy(notifications)
    self.errors = errors
    self.example = example
    self.furtherFaults = furtherFaults
    self.furtherCheck = furtherCheck
  }

  package var takesProject: Bool { parameters.contains { $0.name == "project" } }

  /// A copy that names these errors too, each once.
  package func alsoAnswering(_ more: [ErrorCode]) -> MethodDeclaration {
    var copy = self
    copy.errors += more.filter { !errors.contains($0) }
    return copy
  }

  /// The pure check of params: every fault at once, and the params as they are kept.
  package func check(_ params: JSONObject) -> ParameterCheck {
    let action = discriminatedByAction ? params["action"]?.stringValue.flatMap(Action.init) : nil
    var check = ParameterCheck(params, against: parameters, action: action)
    let known = Set(check.faults.map(\.pointer))
    check.faults += furtherFaults?(check.normalised).filter { !known.contains($0.pointer) } ?? []
    if check.faults.isEmpty { furtherCheck?(&check) }
    return check
  }
}

/// What a server sends without being asked each time.
package struct NotificationDeclaration: Sendable {
  package var name: String
  /// One line.
  package var summary: String
  /// JSON Schema of its params.
  package var params: JSONObject

  package init(_ name: String, summary: String, params: JSONObject) {
    self.name = name
    self.summary = summary
    self.params = params
  }
}
