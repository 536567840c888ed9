internal import FoundationEssentials
internal import JSON
internal import Model
internal import Sources

/// A function's parameters, between the reference's names and Core's: there `code`, `base64`, `code_src`, `handler` and
/// `lang` are members of one `source`.
enum FunctionSpec {
  /// What Core is sent. `source` is what became of `code_src` (see `SourceUpload`): `source` and perhaps `base64`.
  static func core(_ reference: JSONObject, codeSource: JSONObject? = nil) -> JSONObject {
    var spec: JSONObject = [:]
    for name in ["image", "base_image", "image_pull_policy", "command"] { spec[name] = reference[name] }
    // Members that a later version or another client put there.
    let ours = Set(FunctionParameters.spec.map(\.name))
    for (name, value) in reference where !ours.contains(name) { spec[name] = value }
    spec["source"] = .object(source(reference, codeSource))
    return spec
  }

  private static func source(_ reference: JSONObject, _ codeSource: JSONObject?) -> JSONObject {
    let lang = reference["lang"]?.stringValue
    var source = codeSource ?? reference["source"]?.objectValue ?? [:]
    if let code = reference["code"]?.stringValue {
      source["base64"] = .string(Data(code.utf8).base64EncodedString())
    } else if let base64 = reference["base64"]?.stringValue {
      source["base64"] = .string(base64.filter { !$0.isWhitespace })
    } else if codeSource == nil, let path = reference["code_src"] {
      source["source"] = path
    }
    // Core brings no source without a path into the container (contract, section 4).
    if source["base64"] != nil, source["source"] == nil {
      source["source"] = .string(InlineSource.fileName(lang: lang))
    }
    source["handler"] = reference["handler"]
    source["lang"] = lang.map { .string($0) }
    return source
  }

  /// From what Core sends, `function` or the spec of a run, back to the reference's names; members that have none stay.
  static func reference(_ core: JSONObject, labels: [String] = []) -> JSONObject {
    var spec = core
    spec["source"] = nil
    if let source = core["source"]?.objectValue {
      let path = source["source"]?.stringValue
      spec["handler"] = source["handler"]
      spec["lang"] = source["lang"]
      let isInline = source["base64"]?.stringValue?.isEmpty == false
      if let path, !path.isEmpty, !(isInline && InlineSource.isGenerated(path)) { spec["code_src"] = .string(path) }
      // A file's content is Core's copy of what `code_src` names.
      let isFile = spec["code_src"] != nil
      if isInline, !isFile, let base64 = source["base64"] { inline(base64, into: &spec) }
      let known: Set = isFile ? ["source", "handler", "lang"] : ["source", "handler", "lang", "base64"]
      let rest = JSONObject(source.filter { !known.contains($0.name) && !$0.value.isNull }.map { ($0.name, $0.value) })
      if !rest.isEmpty { spec["source"] = .object(rest) }
    }
    if spec["image_pull_policy"] == nil || spec["image_pull_policy"]?.isNull == true,
      let policy = CoreLabel.imagePullPolicy(in: labels)
    {
      spec["image_pull_policy"] = .string(policy)
    }
    // A server writes null for what is not set.
    return JSONObject(spec.filter { !$0.value.isNull }.map { ($0.name, $0.value) })
  }

  /// Text comes back as `code`, anything else as `base64`.
  private static func inline(_ base64: JSONValue, into spec: inout JSONObject) {
    guard let data = base64.stringValue.flatMap({ Data(base64Encoded: $0) }),
      let text = String(validating: Array(data), as: UTF8.self), !text.utf8.contains(0)
    else {
      spec["base64"] = base64
      return
    }
    spec["code"] = .string(text)
  }
}
