import ArgumentParser
import JSON
import JSONRPC
import Model
import ParameterSchema
import Sidecar
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

struct Call: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Call one method and print its result.",
    discussion: """
      Params are one JSON object, or key=value words, or - for one JSON object on stdin, which keeps secrets off the \
      command line. A word's value is text where the parameter is text, otherwise JSON where it reads as JSON. After \
      `call run` it stays until the container has been started. `call subscribeRun` prints its notifications too, each on \
      a line of its own, and stays until the last.

      EXIT CODES
        0   the result is on stdout, as JSON
        1   the method answered an error, which is on stderr, as JSON
        64  the command line is wrong
        74  the result could not be written

      EXAMPLES
        dh-sidecar call createFunction name=hello kind=container image=hello-world
        dh-sidecar call run function=hello action=job 'args=["--verbose"]'
        dh-sidecar call listRuns '{"state": "ERROR", "limit": 5}'
        dh-sidecar call setSecret - <secret.json
      """
  )

  @OptionGroup var options: CompositionOptions

  @Argument(help: "The method, as `rpc.discover` lists them.")
  var method: String

  @Argument(help: "One JSON object, key=value words, or - for stdin.")
  var params: [String] = []

  func run() throws {
    try Self.carryOut(method, try parsedParams(), options)
  }

  /// One call: its result on stdout or its error on stderr, and the exit code.
  static func carryOut(_ method: String, _ params: JSONObject, _ options: CompositionOptions) throws {
    let composition = try settled(options)
    let registry = composition.registry
    let following = Following()
    let outcome = Blocking.run { () async -> Result<JSONValue, any Error> in
      do {
        return .success(try await registry.handle(method, params: params, context: following.context))
      } catch {
        return .failure(error)
      }
    }
    let code = report(outcome.mapError(registry.responseError))
    if code == 0 { Blocking.run { await following.finish() } }
    // A run that was recorded gets to its engine before this process ends, however long its image takes.
    composition.close(drainSeconds: 3600)
    if code != 0 { throw ExitCode(code) }
  }

  /// The process's exit code.
  private static func report(_ outcome: Result<JSONValue, ResponseError>) -> Int32 {
    switch outcome {
    case .success(let result):
      if Descriptor.write(result.text() + "\n", to: 1) { return 0 }
      Descriptor.write("dh-sidecar: the result could not be written: \(String(cString: strerror(errno)))\n", to: 2)
      return EX_IOERR
    case .failure(let error):
      var json: JSONObject = ["code": .integer(error.code), "message": .string(error.message)]
      json["data"] = error.data
      Descriptor.write(JSONValue.object(json).text() + "\n", to: 2)
      return 1
    }
  }

  /// A fault in the settings is an error like any other.
  private static func settled(_ options: CompositionOptions) throws -> Composition {
    do {
      return try options.made()
    } catch let error as SidecarError {
      let answer = ResponseError(code: error.code.number, message: error.message, data: .object(error.data))
      throw ExitCode(report(.failure(answer)))
    }
  }

  private func parsedParams() throws -> JSONObject {
    if params == ["-"] { return try object(Descriptor.readToEnd(0)) }
    if params.count == 1, params[0].first == "{" { return try object(Array(params[0].utf8)) }
    let texts = Set(
      MethodRegistry.declarations.first { $0.name == method }?.parameters.filter(\.isText).map(\.name) ?? []
    )
    var object = JSONObject()
    for word in params {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw ValidationError("\"\(word)\" is neither a JSON object nor key=value.")
      }
      let name = String(word[..<equals])
      let text = String(word[word.index(after: equals)...])
      let value = texts.contains(name) ? nil : try? JSONValue(parsing: text)
      guard object.appendIfNew(name, value ?? .string(text)) else {
        throw ValidationError("\"\(name)\" is given twice.")
      }
    }
    return object
  }

  private func object(_ bytes: [UInt8]) throws -> JSONObject {
    do {
      if let object = try JSONValue(parsing: bytes).objectValue { return object }
    } catch {
      throw ValidationError("The params are not JSON: \(error.message) at byte \(error.offset).")
    }
    throw ValidationError("The params are JSON, but no object.")
  }
}

/// What goes on behind a call's answer: a subscription's notifications, for whoever reads the output.
private final class Following: Sendable {
  private let works = Mutex<[@Sendable () async -> Void]>([])

  var context: RequestContext {
    RequestContext(
      notify: { _, _ in },
      notifyAll: { batch in
        // Nobody reads any more.
        guard Descriptor.write(batch.lines, to: 1) else { throw CancellationError() }
      },
      spawn: { _ in },
      spawnAfterReply: { [self] work in works.withLock { $0.append(work) } }
    )
  }

  func finish() async {
    let begun = works.withLock { works in
      defer { works = [] }
      return works
    }
    for work in begun { await work() }
  }
}

extension Parameter {
  /// Whether a word of the command line is its value as it stands.
  fileprivate var isText: Bool {
    switch shape {
    case .string, .enumeration: true
    default: false
    }
  }
}
