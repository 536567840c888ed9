import JSON

/// Something that goes wrong with requests of a kind, a number of times.
package struct Fault: Sendable {
  package enum Kind: Sendable {
    /// The connection is closed before the request is carried out.
    case refuse
    /// The request is carried out, and the connection closed without an answer.
    case dropAnswer
    /// Carried out at once, answered later.
    case delay(Milliseconds)
    /// Carried out, and answered, later.
    case hold(Milliseconds)
    /// The answer's body comes in pieces.
    case trickle(bytes: Int, every: Milliseconds)
    /// The connection is closed after so many bytes of the answer's body.
    case truncate(after: Int)
    /// Not carried out; this is the answer instead.
    case answer(DoubleResponse)

    package static func status(_ status: Int, message: String = "fault", retryAfter: String? = nil) -> Kind {
      let headers = retryAfter.map { [(name: "Retry-After", value: $0)] } ?? []
      return .answer(CoreRefusal(status: status, message: message, headers: headers).response)
    }

    /// What a proxy in front of Core answers: HTML, and 200.
    package static let html = Kind.answer(
      DoubleResponse(status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>x</html>".utf8))
    )
  }

  /// Nil: any.
  package var method: String?
  /// A part of the path that must be there: `/runs` takes `/api/v1/-/p/runs/ID`. Nil: any.
  package var path: String?
  /// What the path must end in; nil: anything.
  package var suffix: String?
  package var kind: Kind
  /// How many requests it strikes; `Int.max`: all.
  package var count: Int
  /// How many requests of the kind get by before.
  package var skip: Int

  package init(
    _ kind: Kind,
    method: String? = nil,
    path: String? = nil,
    suffix: String? = nil,
    count: Int = 1,
    skip: Int = 0
  ) {
    self.kind = kind
    self.method = method
    self.path = path
    self.suffix = suffix
    self.count = count
    self.skip = skip
  }

  func matches(_ request: DoubleRequest) -> Bool {
    (method ?? request.method) == request.method && request.path.contains(path ?? "")
      && request.path.hasSuffix(suffix ?? "")
  }
}

extension Fault {
  /// `{kind: refuse | drop_answer | delay | hold | trickle | truncate | html | status | answer, method?, path?, suffix?,
  /// count?, skip?}` and, by kind: `milliseconds`; `bytes`; `status`, `message`, `retry_after`; `headers`, `body`.
  init(_ json: JSONValue) throws(OptionFault) {
    let milliseconds = Milliseconds(json["milliseconds"]?.integerValue ?? 100)
    let status = json["status"]?.integerValue ?? 500
    let kind: Kind
    switch json["kind"]?.stringValue {
    case "refuse": kind = .refuse
    case "drop_answer": kind = .dropAnswer
    case "delay": kind = .delay(milliseconds)
    case "hold": kind = .hold(milliseconds)
    case "trickle": kind = .trickle(bytes: max(1, json["bytes"]?.integerValue ?? 1), every: milliseconds)
    case "truncate": kind = .truncate(after: max(0, json["bytes"]?.integerValue ?? 10))
    case "html": kind = .html
    case "status":
      let retryAfter = json["retry_after"]?.stringValue ?? json["retry_after"]?.integerValue.map { String($0) }
      kind = .status(status, message: json["message"]?.stringValue ?? "fault", retryAfter: retryAfter)
    case "answer":
      let headers = (json["headers"]?.objectValue ?? [:]).map { ($0.name, $0.value.stringValue ?? "") }
      let body = json["body"]?.stringValue.map { Array($0.utf8) } ?? json["body"]?.serialized() ?? []
      kind = .answer(DoubleResponse(status: json["status"]?.integerValue ?? 200, headers: headers, body: body))
    default: throw OptionFault(description: "kind: there is no such fault")
    }
    self.init(
      kind,
      method: json["method"]?.stringValue,
      path: json["path"]?.stringValue,
      suffix: json["suffix"]?.stringValue,
      count: json["count"]?.integerValue ?? 1,
      skip: json["skip"]?.integerValue ?? 0
    )
  }
}

/// The faults that are still to come, in the order in which they were given.
struct FaultTable: Sendable {
  private var faults: [Fault] = []

  mutating func add(_ fault: Fault) { faults.append(fault) }

  mutating func removeAll() { faults = [] }

  /// The first fault that this request meets, used once.
  mutating func take(for request: DoubleRequest) -> Fault.Kind? {
    for index in faults.indices where faults[index].count > 0 && faults[index].matches(request) {
      if faults[index].skip > 0 {
        faults[index].skip -= 1
        continue
      }
      if faults[index].count < Int.max { faults[index].count -= 1 }
      return faults[index].kind
    }
    return nil
  }
}
