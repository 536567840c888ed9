import ArgumentParser
import JSON
import JSONRPC
import Sidecar

#if canImport(Glibc)
  import Glibc
#endif

struct Call: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Call one method and print its result.",
    discussion: """
      Params are one JSON object, or key=value words, whose value is taken as JSON where it is JSON and as text \
      otherwise. Exit codes: 0 the result is on stdout; 1 the method answered an error, which is on stderr as JSON; \
      64 the command line is wrong.
      """
  )

  @OptionGroup var options: CompositionOptions

  @Argument(help: "The method, as `rpc.discover` lists them.")
  var method: String

  @Argument(help: "One JSON object, or key=value words.")
  var params: [String] = []

  func run() throws {
    let params = try parsedParams()
    let composition = try options.composition()
    let registry = composition.registry
    let method = method
    let outcome = Blocking.run { () async -> Result<JSONValue, any Error> in
      do {
        return .success(try await registry.handle(method, params: params, context: .none))
      } catch {
        return .failure(error)
      }
    }
    // A run that was recorded gets to its engine before this process ends, however long its image takes.
    composition.close(drainSeconds: 3600)
    switch outcome {
    case .success(let result): print(result.text())
    case .failure(let error):
      let error = registry.responseError(for: error)
      var json: JSONObject = ["code": .integer(error.code), "message": .string(error.message)]
      json["data"] = error.data
      StandardError.write(JSONValue.object(json).text())
      throw ExitCode(1)
    }
  }

  private func parsedParams() throws -> JSONObject {
    if params.count == 1, params[0].first == "{" {
      do {
        return try JSONValue(parsing: params[0]).objectValue ?? [:]
      } catch {
        throw ValidationError("The params are not JSON: \(error.message) at byte \(error.offset).")
      }
    }
    var object = JSONObject()
    for word in params {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw ValidationError("\"\(word)\" is neither a JSON object nor key=value.")
      }
      let name = String(word[..<equals])
      let text = String(word[word.index(after: equals)...])
      guard object.appendIfNew(name, (try? JSONValue(parsing: text)) ?? .string(text)) else {
        throw ValidationError("\"\(name)\" is given twice.")
      }
    }
    return object
  }
}
