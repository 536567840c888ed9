internal import JSON
internal import Model

/// What Core answered to one request, after retries.
struct CoreAnswer: Sendable {
  var status: Int
  /// Null where the body is empty.
  var json: JSONValue
  /// How often the request was sent until this answer came: beyond the first time, an earlier one may have been
  /// carried out without its answer getting through.
  var attempts: Int

  var isSuccess: Bool { (200..<300).contains(status) }

  /// Core's own words: `{"status", "message"[, "errorCode"]}`.
  var message: String? { json["message"]?.stringValue ?? json.stringValue }

  /// 400 "Duplicated entity function:ID.": Core never answers 409 for it. A proxy or a later release may.
  var isDuplicate: Bool {
    status == 409 || status == 400 && (message?.lowercased().contains("duplicated entity") ?? false)
  }
}

/// Core's refusals as errors of ours, with Core's own words kept as the cause.
enum CoreRefusal {
  /// `what` names what was asked for, to follow "Core refused "; `missing` is the error of a 404.
  static func error(_ answer: CoreAnswer, _ what: String, missing: SidecarError? = nil) -> SidecarError {
    let words = answer.message ?? (answer.json.isNull ? nil : String(answer.json.text().prefix(2000)))
    let cause = "HTTP \(answer.status)" + (words.map { ": \($0)" } ?? "")
    switch answer.status {
    case 404:
      if var missing {
        missing.cause = cause
        return missing
      }
      return SidecarError(.coreError, "Core does not know \(what).", cause: cause)
    case 429, 502, 503, 504:
      return SidecarError(
        .coreUnavailable,
        "Core is not able to take \(what) at the moment.",
        hint: "Try again later.",
        cause: cause
      )
    case 500...:
      return SidecarError(
        .coreUnavailable,
        "Core failed at \(what).",
        hint: "Try again; Core's own log tells more.",
        cause: cause
      )
    default:
      return SidecarError(.coreError, "Core refused \(what)" + (words.map { ": \($0)" } ?? "."), cause: cause)
    }
  }

  static func unexpected(_ json: JSONValue, _ what: String) -> SidecarError {
    SidecarError(
      .coreInvalidAnswer,
      "Core's answer for \(what) is not what its API says.",
      hint: "`dh-sidecar doctor` tells which server answers and which release it is taken for.",
      cause: String(json.text().prefix(300))
    )
  }
}
