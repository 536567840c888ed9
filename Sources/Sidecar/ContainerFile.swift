internal import JSON
internal import Model
internal import YAML

/// A container file as it was read: YAML or JSON, checked member by member. Pointers are into the document.
struct ContainerFile: Sendable {
  struct Run: Sendable {
    var name: String
    var action: Action
    /// Normalised, without the action.
    var params: JSONObject
  }

  var project: String?
  /// The params of createFunction, normalised.
  var function: JSONObject = [:]
  var runs: [Run] = []
  var faults: [Fault] = []
  var warnings: [Warning] = []

  /// Everything that can be said of the text by itself.
  init(parsing text: String) {
    let document: JSONValue
    do throws(YAMLError) {
      document = try Self.document(text)
    } catch {
      let format = text.first { !$0.isWhitespace } == "{" ? "neither JSON nor YAML" : "no YAML"
      faults = [
        Fault(pointer: "", rule: "syntax", message: "The text is \(format): \(error.message).").at(error.position)
      ]
      return
    }
    guard let members = document.objectValue else {
      let hint = "It is {project?, function: {name, kind, image, …}, runs: {NAME: {action, …}}}."
      faults = [Fault(pointer: "", rule: "type", message: "A container file must be an object.", hint: hint)]
      return
    }
    read(members)
    guard !faults.isEmpty, let positions = try? YAMLDocument(parsing: text).positions else { return }
    faults = faults.map { $0.placed(positions) }
  }

  /// JSON is YAML, but for what strict JSON says more exactly, such as large integers.
  private static func document(_ text: String) throws(YAMLError) -> JSONValue {
    if text.first(where: { !$0.isWhitespace }) == "{", let value = try? JSONValue(parsing: text) { return value }
    return try YAMLDocument(parsing: text).value
  }

  private mutating func read(_ document: JSONObject) {
    // What is in `function` and `runs` is looked at below, where each fault can say more.
    let outline = ContainerFileParameters.document.map { parameter in
      parameter.with { if $0.name != "project" { $0.shape = .freeObject } }
    }
    let check = ParameterCheck(document, against: outline)
    faults = check.faults
    project = check.normalised["project"]?.stringValue
    if let given = document["function"]?.objectValue { readFunction(given) }
    for (name, value) in document["runs"]?.objectValue ?? [:] { readRun(name, value) }
  }

  private mutating func readFunction(_ given: JSONObject) {
    let check = ParameterCheck(given, against: ContainerFileParameters.function)
    function = check.normalised
    let known = Set(check.faults.map(\.pointer))
    let further = WorkloadSpec.functionFaults(function).filter { !known.contains($0.pointer) }
    faults += (check.faults + further).map { $0.below("/function") }
    warnings += check.warnings.map { $0.below("/function") }
  }

  private mutating func readRun(_ name: String, _ value: JSONValue) {
    let pointer = Self.pointer(ofRun: name)
    if !NameRules.isSlug(name) {
      let expectation = Shape.Format.slug.expectation ?? ""
      faults.append(
        Fault(pointer: pointer, rule: "format", message: "A run's name must be \(expectation); it is `\(name)`.")
      )
    }
    guard let given = value.objectValue else {
      let message = "The run `\(name)` must be an object; it is \(value.typeName)."
      faults.append(
        Fault(pointer: pointer, rule: "type", message: message, hint: "At least its action: {action: job}.")
      )
      return
    }
    let action = given["action"]?.stringValue.flatMap(Action.init)
    let check = ParameterCheck(given, against: ContainerFileParameters.run, action: action)
    faults += check.faults.map { $0.below(pointer) }
    warnings += check.warnings.map { $0.below(pointer) }
    guard let action, check.faults.isEmpty else { return }
    var params = check.normalised
    params["action"] = nil
    runs.append(Run(name: name, action: action, params: params))
    let between = WorkloadSpec.make(function: function, run: params, action: action).faults
    faults += between.filter { !WorkloadSpec.functionFaults(function).contains($0) }.map { $0.below(pointer) }
  }

  /// Where a fault or a warning of a run stands in the document: what the run inherits is the function's.
  func pointer(_ pointer: String, ofRun run: Run) -> String {
    let name = pointer.dropFirst().prefix { $0 != "/" }
    if !name.isEmpty, run.params[String(name)] == nil, function[String(name)] != nil { return "/function" + pointer }
    return Self.pointer(ofRun: run.name) + pointer
  }

  static func pointer(ofRun name: String) -> String { JSONPointer(tokens: ["runs", name]).description }
}

extension Fault {
  fileprivate func below(_ pointer: String) -> Fault {
    var fault = self
    fault.pointer = pointer + fault.pointer
    return fault
  }

  fileprivate func at(_ position: YAMLPosition) -> Fault {
    var fault = self
    fault.line = position.line
    fault.column = position.column
    return fault
  }

  /// Where its pointer, or as much of it as is there, begins in the text.
  fileprivate func placed(_ positions: [JSONPointer: YAMLPosition]) -> Fault {
    var place = try? JSONPointer(parsing: pointer)
    while let pointer = place {
      if let position = positions[pointer] { return at(position) }
      place = pointer.parent
    }
    return self
  }
}

extension Warning {
  fileprivate func below(_ pointer: String) -> Warning {
    var warning = self
    warning.pointer = pointer + warning.pointer
    return warning
  }
}
