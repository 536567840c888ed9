import ArgumentParser
import JSON

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make what a container file describes: a function and its runs.",
    discussion: """
      FILE is YAML or JSON: {project?, function: {the params of createFunction}, runs: {NAME: {the params of run}}}; \
      schema/container-file.schema.json says all of it. Nothing is created where anything in it is invalid. Applied \
      again, what has not changed stays. A relative code_src is taken from the file's folder. The result, errors and exit \
      codes are those of dh-sidecar call apply path=FILE.

      EXAMPLES
        dh-sidecar apply hello.container.yaml
        dh-sidecar apply hello.container.yaml --project my_project
      """
  )

  @OptionGroup var options: CompositionOptions

  @Argument(help: "The file.", completion: .file(extensions: ["yaml", "yml", "json"]))
  var file: String

  func run() throws {
    var params: JSONObject = ["path": .string(file)]
    // Given by hand, it has to agree with the file's.
    params["project"] = options.project.map { .string($0) }
    try Call.carryOut("apply", params, options)
  }
}
