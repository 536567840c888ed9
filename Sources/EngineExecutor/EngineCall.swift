import HTTP
import JSON

/// One call of the Docker Engine API, exactly as it is sent.
package struct EngineCall: Sendable, Hashable {
  package var method: String
  /// With its query, encoded.
  package var path: String
  package var body: JSONObject?
  /// Why it may be left out: `image absent` for a pull under IfNotPresent. Nil: always sent.
  package var condition: String?
  /// What the body is where it is no JSON, in words.
  package var upload: String?

  package init(
    _ method: String,
    _ path: String,
    body: JSONObject? = nil,
    condition: String? = nil,
    upload: String? = nil
  ) {
    self.upload = upload
    self.method = method
    self.path = path
    self.body = body
    self.condition = condition
  }

  /// `{method, path, body?, upload?, when?}`, as `renderRun` shows it.
  package var json: JSONObject {
    var json: JSONObject = ["method": .string(method), "path": .string(path)]
    json["body"] = body.map { .object($0) }
    json["upload"] = upload.map { .string($0) }
    json["when"] = condition.map { .string($0) }
    return json
  }

  static func encoded(_ text: String) -> String { HTTPRequest.percentEncoded(text) }
}
