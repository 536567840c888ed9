package import JSON

/// Every error of our own: a stable string, its JSON-RPC number, and whether the same call may succeed later.
/// `schema/errors.json` lists them. Groups: 1xxx not found and conflict, 2xxx unsupported, 3xxx platform and engine,
/// 4xxx credentials, 5xxx overload and timeout; −32602 for faults in params.
package struct ErrorCode: Sendable, Hashable {
  package let name: String
  package let number: Int
  package let retryable: Bool
  /// What it means and what to do, for schema/errors.json and the README.
  package let description: String

  private init(_ name: String, _ number: Int, retryable: Bool = false, _ description: String) {
    self.name = name
    self.number = number
    self.retryable = retryable
    self.description = description
  }

  package static let invalidParams = ErrorCode(
    "invalid_params",
    -32602,
    "The params have faults; `errors` lists every one by JSON Pointer."
  )

  package static let projectNotFound = ErrorCode("project_not_found", 1001, "No such project.")
  package static let functionNotFound = ErrorCode("function_not_found", 1002, "No such function, or no such version.")
  package static let taskNotFound = ErrorCode("task_not_found", 1003, "No such task.")
  package static let runNotFound = ErrorCode("run_not_found", 1004, "No such run.")
  package static let secretNotFound = ErrorCode("secret_not_found", 1005, "A secret that a run names is not set.")
  package static let profileNotFound = ErrorCode("profile_not_found", 1006, "No such profile.")
  package static let subscriptionNotFound = ErrorCode("subscription_not_found", 1007, "No such subscription.")
  package static let schemaNotFound = ErrorCode("schema_not_found", 1008, "No such schema.")
  package static let alreadyExists = ErrorCode("already_exists", 1101, "The uuid given is taken by another entity.")
  package static let idempotencyConflict = ErrorCode(
    "idempotency_conflict",
    1102,
    "The idempotency_key was used before with other parameters."
  )
  package static let ambiguousName = ErrorCode(
    "ambiguous_name",
    1103,
    "Several versions have this name: name one, or say all_versions."
  )
  package static let hasDependents = ErrorCode(
    "has_dependents",
    1104,
    "Others depend on the entity; cascade removes them too."
  )
  package static let invalidState = ErrorCode(
    "invalid_state",
    1105,
    "The run's state does not allow this; `cause` names the state."
  )

  package static let unsupportedAction = ErrorCode(
    "unsupported_action",
    2001,
    "This platform does not run this action."
  )
  package static let unsupportedParameter = ErrorCode(
    "unsupported_parameter",
    2002,
    "This platform can't honour a parameter; `errors` names it."
  )
  package static let unsupportedMethod = ErrorCode(
    "unsupported_method",
    2003,
    "This platform does not have this method."
  )

  package static let engineUnavailable = ErrorCode(
    "engine_unavailable",
    3001,
    retryable: true,
    "No container engine answers; `dh-sidecar doctor` tells more."
  )
  package static let engineError = ErrorCode(
    "engine_error",
    3002,
    "The container engine refused; `cause` has its words."
  )
  package static let imageNotFound = ErrorCode("image_not_found", 3003, "The image is nowhere to be had.")
  package static let portInUse = ErrorCode("port_in_use", 3004, "The port is taken on this machine.")
  package static let catalogError = ErrorCode("catalog_error", 3101, "The catalog file can't be read or written.")
  package static let catalogFull = ErrorCode(
    "catalog_full",
    3102,
    retryable: true,
    "The disk of the catalog is full; nothing was recorded."
  )
  package static let catalogTooNew = ErrorCode(
    "catalog_too_new",
    3103,
    "The catalog was written by a newer version of dh-sidecar."
  )
  package static let invalidSettings = ErrorCode(
    "invalid_settings",
    3104,
    "The settings have a fault; `errors` lists every one."
  )
  package static let sourceError = ErrorCode("source_error", 3105, "The function's source can't be had.")

  package static let coreUnavailable = ErrorCode(
    "core_unavailable",
    3201,
    retryable: true,
    "Core does not answer, or fails at the moment; `cause` has its words."
  )
  package static let coreError = ErrorCode("core_error", 3202, "Core refused; `cause` has its words.")
  package static let coreInvalidAnswer = ErrorCode(
    "core_invalid_answer",
    3203,
    "What answers at Core's address does not speak Core's API."
  )

  package static let untrustedServer = ErrorCode(
    "untrusted_server",
    3204,
    "The server's certificate is not trusted; `core.ca_file` names a further authority."
  )

  package static let clusterUnavailable = ErrorCode(
    "cluster_unavailable",
    3301,
    retryable: true,
    "The cluster's API server does not answer, or fails at the moment; `cause` has its words."
  )
  package static let clusterError = ErrorCode("cluster_error", 3302, "The cluster refused; `cause` has its words.")

  package static let credentialsMissing = ErrorCode(
    "credentials_missing",
    4001,
    "The server wants to know who you are, and no credential is configured."
  )
  package static let credentialsRejected = ErrorCode(
    "credentials_rejected",
    4002,
    "The server does not accept the credential; the message says which one it was and where it is set."
  )
  package static let credentialsExpired = ErrorCode(
    "credentials_expired",
    4003,
    "The login has run out and can't be renewed: log in again."
  )
  package static let forbidden = ErrorCode(
    "forbidden",
    4004,
    "The server knows who you are, and does not allow this."
  )
  package static let loginUnavailable = ErrorCode(
    "login_unavailable",
    4005,
    retryable: true,
    "The token endpoint can't be found or does not answer, so that the login can't be renewed."
  )

  package static let overloaded = ErrorCode(
    "overloaded",
    5001,
    retryable: true,
    "Too much is under way or unread; try again after `retry_after_ms`."
  )
  package static let timeout = ErrorCode("timeout", 5002, retryable: true, "It took longer than allowed.")

  package static let all: [ErrorCode] = [
    invalidParams, projectNotFound, functionNotFound, taskNotFound, runNotFound, secretNotFound, profileNotFound,
    subscriptionNotFound, schemaNotFound, alreadyExists, idempotencyConflict, ambiguousName, hasDependents,
    invalidState, unsupportedAction, unsupportedParameter, unsupportedMethod, engineUnavailable, engineError,
    imageNotFound, portInUse, catalogError, catalogFull, catalogTooNew, invalidSettings, sourceError, coreUnavailable,
    coreError, coreInvalidAnswer, untrustedServer, clusterUnavailable, clusterError, credentialsMissing,
    credentialsRejected, credentialsExpired, forbidden, loginUnavailable, overloaded, timeout,
  ]

  /// What any method that needs a platform may answer, whatever else it does.
  package static let ofAnyPlatform: [ErrorCode] = [
    invalidParams, unsupportedMethod, catalogError, catalogFull, catalogTooNew, coreUnavailable, coreError,
    coreInvalidAnswer, untrustedServer, clusterUnavailable, clusterError, credentialsMissing, credentialsRejected,
    credentialsExpired, forbidden, loginUnavailable,
  ]
}

/// An error as a caller gets it: what happened, whether to try again, and how to mend it.
package struct SidecarError: Error, Sendable, Hashable {
  package var code: ErrorCode
  package var message: String
  /// The remedy.
  package var hint: String?
  /// The platform's own words.
  package var cause: String?
  /// Every fault, where the code is about parameters.
  package var faults: [Fault]
  package var retryAfterMilliseconds: Int?

  package init(
    _ code: ErrorCode,
    _ message: String,
    hint: String? = nil,
    cause: String? = nil,
    faults: [Fault] = [],
    retryAfterMilliseconds: Int? = nil
  ) {
    self.code = code
    self.message = message
    self.hint = hint
    self.cause = cause
    self.faults = faults
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  /// `error.data` on the wire: `{code, retryable, retry_after_ms?, errors?, hint?, cause?}`.
  package var data: JSONObject {
    var data: JSONObject = ["code": .string(code.name), "retryable": .bool(code.retryable)]
    data["retry_after_ms"] = retryAfterMilliseconds.map { .integer($0) }
    if !faults.isEmpty { data["errors"] = .array(faults.map { .object($0.json) }) }
    data["hint"] = hint.map { .string($0) }
    data["cause"] = cause.map { .string($0) }
    return data
  }
}

/// One thing wrong with the params, at one place.
package struct Fault: Error, Sendable, Hashable {
  /// JSON Pointer (RFC 6901) into the params.
  package var pointer: String
  /// The rule's stable name: `required`, `type`, `pattern`, `unknown_parameter`, `enum`, …
  package var rule: String
  package var message: String
  /// The remedy.
  package var hint: String?
  /// Where it stands in a text, each counted from 1; nil where there is no text.
  package var line: Int?
  package var column: Int?

  package init(pointer: String, rule: String, message: String, hint: String? = nil) {
    self.pointer = pointer
    self.rule = rule
    self.message = message
    self.hint = hint
  }

  package var json: JSONObject {
    var json: JSONObject = ["pointer": .string(pointer), "rule": .string(rule), "message": .string(message)]
    json["hint"] = hint.map { .string($0) }
    json["line"] = line.map { .integer($0) }
    json["column"] = column.map { .integer($0) }
    return json
  }
}

/// Something that works otherwise than the caller may think; travels with the result (`status.warnings`).
package struct Warning: Sendable, Hashable {
  package var pointer: String
  package var code: String
  package var message: String

  package init(pointer: String, code: String, message: String) {
    self.pointer = pointer
    self.code = code
    self.message = message
  }

  package var json: JSONObject {
    ["pointer": .string(pointer), "code": .string(code), "message": .string(message)]
  }
}
